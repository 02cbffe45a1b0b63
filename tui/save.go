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
	"shunt/tui/dialog"
)

// saveFile writes text to a new file, or in the place of a file if that was asked for. It is synced, as it may be about a
// disk that is in trouble.
func saveFile(save dialog.Save) tea.Cmd {
	return func() tea.Msg {
		err := put(save)
		return result(func(m Model) (Model, tea.Cmd) { return m.saved(save, err), nil })
	}
}

// put writes the file. The error wraps fs.ErrExist if there is one that is to be kept.
func put(save dialog.Save) error {
	write := create
	if save.Over == dialog.Replace {
		write = replace
	}
	err := write(save.Path, safetext.Lines(save.Text)) // it will be looked at in a terminal
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return tried.Errorf("save %s: %w", save.Path, tried.Cause(err))
}

// create writes a file that must not exist yet. Whatever happens, there is no file or a whole one at the path.
func create(path, text string) error {
	return writeAs(path, text, 0o644, nil, func(temp string) error {
		err := unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
		if errors.Is(err, unix.EINVAL) { // some network file systems cannot do that
			return errors.Join(os.Link(temp, path), os.Remove(temp))
		}
		return err
	})
}

// replace writes a file in the place of the one at the path. Whatever happens, the old one or the new one is there, whole. The
// mode stays, and the owner where the system allows that. What is there is never opened: in a directory of somebody else's it
// could be a link to a file of this user's, or a pipe that keeps this process waiting.
func replace(path, text string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return create(path, text) // it has gone meanwhile
	case err != nil:
		return err
	case info.Mode().Type() == fs.ModeSymlink:
		return errors.New("it is a link, which is not followed")
	case !info.Mode().IsRegular():
		return errors.New("it is not a file that could be replaced")
	}
	return writeAs(path, text, info.Mode().Perm(), info, func(temp string) error { return os.Rename(temp, path) })
}

// writeAs writes and syncs a new file in the directory of path, which name then gives its name. It has the mode less the
// umask, or the mode and owner of the file that it is like. After an error in writing or naming no file is left.
func writeAs(path, text string, mode fs.FileMode, like fs.FileInfo, name func(temp string) error) error {
	dir, _ := filepath.Split(path)
	temp := dir + ".shunt-" + rand.Text()
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if like != nil {
		if owner, ok := like.Sys().(*syscall.Stat_t); ok {
			_ = f.Chown(int(owner.Uid), int(owner.Gid)) // only root can give a file away
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
		_ = os.Remove(temp) // the cause is what counts
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory last. Some file systems cannot sync one and keep names anyway.
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
