package tui

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	tea "charm.land/bubbletea/v2"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/tui/dialog"
)

// saveFile writes text to a new file, or in the place of a file if that was asked for. It is synced, as it may be about a
// disk that is in trouble.
func saveFile(save dialog.Save) tea.Cmd {
	return func() tea.Msg {
		put := create
		if save.Over == dialog.Replace {
			put = replace
		}
		err := put(save.Path, safetext.Lines(save.Text)) // it will be looked at in a terminal
		if errors.Is(err, fs.ErrExist) {
			return savedMsg{save: save, exists: true}
		}
		if err != nil {
			err = tried.Errorf("save %s: %w", save.Path, tried.Cause(err))
		}
		return savedMsg{save: save, err: err}
	}
}

// create writes a file that must not exist yet. Whatever happens, there is no file or a whole one at the path.
func create(path, text string) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	temp, err := writeBeside(path, text, 0o644, nil)
	if err != nil {
		return err
	}
	if err = os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		err = claim(temp, path) // FAT has no hard links
	}
	_ = os.Remove(temp) // claim may have moved it
	if err != nil {
		return err
	}
	return syncDir(path)
}

// claim renames a file to a path that must not exist yet.
func claim(temp, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(f.Close(), os.Rename(temp, path)); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
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
	temp, err := writeBeside(path, text, info.Mode().Perm(), info)
	if err != nil {
		return err
	}
	if err = os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(path)
}

// writeBeside writes and syncs a new file in the directory of path and returns its name. It has the mode less the umask, or
// the mode and owner of the file that it is like. No file is left after an error.
func writeBeside(path, text string, mode fs.FileMode, like fs.FileInfo) (string, error) {
	dir, _ := filepath.Split(path)
	temp := dir + ".shunt-" + rand.Text()
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return "", err
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
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(temp))
	}
	return temp, nil
}

// syncDir makes the name of a file last. Some file systems cannot sync a directory and keep names anyway.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	if err = dir.Sync(); errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}
