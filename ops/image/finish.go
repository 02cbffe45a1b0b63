package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
)

// Finish syncs the file, gives it its name and closes it. After an error the name is as it was before New, except after one of
// syncing the directory when a file was replaced: then the new file has the name. It must not be called twice.
func (r *Result) Finish() error {
	err := r.finish()
	if err != nil {
		err = tried.Errorf("finish %s: %w", r.given, tried.Cause(err))
	}
	return errors.Join(err, r.Drop())
}

func (r *Result) finish() error {
	if err := r.adopt(); err != nil {
		return err
	}
	if err := r.sys.sync(r.file); err != nil {
		return err
	}
	name := filepath.Base(r.path)
	if r.old != nil {
		return r.finishOver(name)
	}
	var err error
	if r.temp == "" {
		err = r.sys.link(r.file, r.dir, name)
	} else {
		err = r.sys.move(r.dir, r.temp, name)
	}
	if errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("somebody else has made it meanwhile: %w", err)
	}
	if err != nil {
		return err
	}
	if err := r.sys.sync(r.dir); err != nil {
		return errors.Join(err, r.sys.remove(r.dir, name))
	}
	return nil
}

// adopt opens the file that another program has made.
func (r *Result) adopt() (err error) {
	if r.file != nil {
		return nil
	}
	fd, err := unix.Openat(int(r.dir.Fd()), r.temp, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == nil {
		r.file = os.NewFile(uintptr(fd), r.Path())
	}
	return err
}

// finishOver replaces the old file, which is still locked. The new one has its mode, and its owner if this user may give files
// away.
func (r *Result) finishOver(name string) error {
	if now, err := os.Stat(r.path); err != nil || !os.SameFile(now, r.seen) {
		return fmt.Errorf("it %w", target.ErrReplaced)
	}
	if st, ok := r.seen.Sys().(*syscall.Stat_t); ok {
		_ = r.file.Chown(int(st.Uid), int(st.Gid)) // only root may, and a file of this user's own serves as well
	}
	if err := r.file.Chmod(r.seen.Mode().Perm()); err != nil {
		return err
	}
	if r.temp == "" {
		// Nothing replaces a name but a rename, so the file gets a hidden name first.
		temp := hiddenName()
		if err := r.sys.link(r.file, r.dir, temp); err != nil {
			return err
		}
		r.temp = temp
	}
	if err := r.sys.replace(r.dir, r.temp, name); err != nil {
		return err
	}
	r.temp = ""
	if err := r.sys.sync(r.dir); err != nil {
		return fmt.Errorf("the new file has the name, but it may be lost in a power cut: %w", err)
	}
	if err := r.old.Forget(); err != nil {
		return fmt.Errorf("the new file has the name; what was kept to undo edits of the old one could not be removed: %w", err)
	}
	return nil
}

// Drop removes the file if it was not finished. It may be called twice, and after Finish.
func (r *Result) Drop() (err error) {
	if r.file != nil {
		err = r.file.Close()
	}
	for _, name := range []string{r.temp, r.inner} {
		if name != "" {
			err = errors.Join(err, r.sys.remove(r.dir, name))
		}
	}
	if r.held != nil {
		err = errors.Join(err, r.held.Close())
	}
	if r.dir != nil {
		err = errors.Join(err, r.dir.Close())
	}
	if r.old != nil {
		err = errors.Join(err, r.old.Close())
	}
	r.file, r.held, r.temp, r.inner, r.dir, r.old = nil, nil, "", "", nil, nil
	return err
}
