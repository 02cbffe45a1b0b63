package tui

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/report"
	"shunt/tui/dialog"
)

// saveFile writes a text to a new file, or replaces a file if the user agreed. The file is synced, because the text may
// be about a failing disk.
func saveFile(b Backend, save dialog.Save) tea.Cmd {
	return func() tea.Msg {
		err := put(save, b.Summarize)
		if err == nil && save.What == dialog.SavePlan {
			b.RememberPlan(save.Path)
		}
		return result(func(m Model) (Model, tea.Cmd) { return m.saved(save, err) })
	}
}

// look describes what lies at some paths (Nearby.Summarize).
type look func(paths []string) []report.Summary

// SaveText writes a text to a new file, or also over a text that exists. look is Nearby.Summarize. The error wraps fs.ErrExist
// if there is a text that must not be replaced without a question. After a failure the file is as it was.
func SaveText(path, text string, over bool, look func(paths []string) []report.Summary) error {
	save := dialog.Save{Path: path, Text: text}
	if over {
		save.Over = dialog.Replace
	}
	return put(save, look)
}

// put writes the file. The error wraps fs.ErrExist if there is a text that must not be replaced without a question. What is
// never replaced has another error at once.
func put(save dialog.Save, look look) error {
	text := safetext.Lines(save.Text) // the file may be shown in a terminal
	err := create(save.Path, text)
	if errors.Is(err, fs.ErrExist) {
		var old fs.FileInfo
		switch old, err = replaceable(save.Path, look); {
		case errors.Is(err, fs.ErrNotExist):
			err = create(save.Path, text) // the file was removed meanwhile
		case err == nil && save.Over != dialog.Replace:
			return fs.ErrExist
		case err == nil:
			err = replace(save.Path, text, old)
		}
	}
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return tried.Errorf("save %s: %w", save.Path, tried.Cause(err))
}

// create writes a file that must not exist yet. After a failure or a crash the file is complete or does not exist.
func create(path, text string) error {
	return writeAs(path, text, 0o644, nil, func(temp string) error {
		err := unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
		if errors.Is(err, unix.EINVAL) { // not supported by some network file systems
			return errors.Join(os.Link(temp, path), os.Remove(temp))
		}
		return err
	})
}

// replace replaces the file at path. After a failure or a crash the old file or the new one is there, complete. The mode
// of the old file is kept, and the owner if the system allows it.
func replace(path, text string, old fs.FileInfo) error {
	return writeAs(path, text, old.Mode().Perm(), old, func(temp string) error { return os.Rename(temp, path) })
}

// writeAs writes and syncs a new file in the directory of path; name then gives it its final name. The file has the given
// mode less the umask, or the mode and owner of like if that is not nil. After an error no file is left.
func writeAs(path, text string, mode fs.FileMode, like fs.FileInfo, name func(temp string) error) error {
	dir, _ := filepath.Split(path)
	temp := dir + ".shunt-" + rand.Text()
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if like != nil {
		if owner, ok := like.Sys().(*syscall.Stat_t); ok {
			_ = f.Chown(int(owner.Uid), int(owner.Gid)) // only root can change the owner
		}
		err = f.Chmod(mode)
	}
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = name(temp)
	}
	if err != nil {
		_ = os.Remove(temp) // the first error is the one to report
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir syncs the names in a directory. File systems that cannot do so keep them anyway.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	if err = dir.Sync(); errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}
