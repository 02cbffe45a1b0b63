package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"shunt/model/safetext"
	"shunt/tui/dialog"
)

// saveFile writes text to a new file, or in place of a file if that was asked for. It is synced, as it
// may tell of a disk that is in trouble.
func saveFile(save dialog.Save) tea.Cmd {
	return func() tea.Msg {
		text := safetext.Lines(save.Text) // it will be looked at in a terminal
		put := create
		if save.Over == dialog.Replace {
			put = replace
		}
		err := put(save.Path, text)
		if errors.Is(err, fs.ErrExist) {
			return savedMsg{save: save, exists: true}
		}
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err // the path is told once
		}
		if err != nil {
			err = fmt.Errorf("save %s: %w", save.Path, err)
		}
		return savedMsg{save: save, err: err}
	}
}

func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return write(f, text)
}

// replace puts a new file in the place of one. What is there is never opened: in a directory of somebody else's it could be a
// link to a file of this user's, or a pipe that keeps this process waiting.
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
	f, err := os.CreateTemp(filepath.Dir(path), ".shunt-*")
	if err != nil {
		return err
	}
	err = errors.Join(f.Chmod(info.Mode().Perm()), write(f, text))
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func write(f *os.File, text string) error {
	_, err := f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}
