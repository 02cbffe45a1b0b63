package extract

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// outFile is a file that is being written and has no name yet, or one beside its own.
type outFile struct {
	f     *os.File
	name  string
	path  string
	temp  string // the name beside its own, "" if it has none
	entry Entry
	at    int64
}

// temporary returns a name for a file that is not complete.
func temporary(string) string { return ".shunt-" + rand.Text() }

// begin begins a file.
func (t *Tree) begin(d *outDir, name, path string, e Entry) error {
	if t.file != nil {
		return fmt.Errorf("%w: a file begins in another", ErrCutOff)
	}
	var st unix.Stat_t
	if err := unix.Fstatat(int(d.f.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil && (!t.Force || d.mine(name)) {
		return t.taken(d, name) // it would be found in the end, after all the copying
	} else if err != nil && !errors.Is(err, unix.ENOENT) {
		return refused(tried.Errorf("write %s: %w", path, err))
	}
	mode := uint32(0o600)
	if !e.Owned {
		mode = e.Mode & 0o777 // as new files are here
	}
	out := &outFile{name: name, path: path, entry: e}
	f, err := below(d.f, ".", unix.O_TMPFILE|unix.O_WRONLY, mode)
	if slices.Contains([]error{unix.EOPNOTSUPP, unix.EISDIR, unix.EINVAL, unix.ENOENT}, err) { // not every file system can do that
		out.temp = temporary(name)
		f, err = below(d.f, out.temp, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY, mode)
	}
	if err != nil {
		return refused(tried.Errorf("write %s: %w", path, err))
	}
	out.f, t.file = f, out
	return nil
}

// Data implements Handler.
func (t *Tree) Data(b []byte) error {
	if t.skip > 0 {
		return nil
	}
	if t.file == nil {
		return fmt.Errorf("%w: there is content and no file", ErrCutOff)
	}
	n, err := t.file.f.Write(b)
	t.file.at += int64(n)
	t.Copied.Bytes += int64(n)
	if err != nil {
		return t.unwritten(err)
	}
	if t.Progress != nil {
		t.Progress(t.file.path, t.Copied.Bytes)
	}
	return nil
}

// Hole implements Handler.
func (t *Tree) Hole(n int64) error {
	if t.skip > 0 {
		return nil
	}
	if t.file == nil {
		return fmt.Errorf("%w: there is content and no file", ErrCutOff)
	}
	t.file.at += n
	err := t.file.f.Truncate(t.file.at)
	if err == nil {
		_, err = t.file.f.Seek(t.file.at, 0)
	}
	if err != nil {
		return t.unwritten(err)
	}
	return nil
}

// unwritten gives up the file at hand. Others may still be written if it is only too large for the destination.
func (t *Tree) unwritten(err error) error {
	path := t.file.path
	if !errors.Is(err, unix.EFBIG) {
		return tried.Errorf("write %s: %w; it was removed again", path, tried.Cause(err))
	}
	t.problem(path, "it is larger than a file can be here: it was left out")
	t.skip = 1 // its end is still to come
	return t.abandon()
}

// finish gives the file its owner, mode, times and name.
func (t *Tree) finish() (err error) {
	out, d := t.file, t.top()
	t.file = nil
	defer func() { err = errors.Join(err, out.f.Close()) }()
	if err := t.keep(out.f, out.path, out.entry); err != nil {
		return err
	}
	at := int(d.f.Fd())
	if out.temp == "" {
		link := fmt.Sprintf("/proc/self/fd/%d", out.f.Fd())
		err = unix.Linkat(unix.AT_FDCWD, link, at, out.name, unix.AT_SYMLINK_FOLLOW)
		if errors.Is(err, unix.EEXIST) && t.Force {
			out.temp = temporary(out.name)
			if err = unix.Linkat(unix.AT_FDCWD, link, at, out.temp, unix.AT_SYMLINK_FOLLOW); err == nil {
				err = t.rename(d, out.temp, out.name)
			}
		}
	} else if t.Force {
		err = t.rename(d, out.temp, out.name)
	} else if err = unix.Renameat2(at, out.temp, at, out.name, unix.RENAME_NOREPLACE); errors.Is(err, unix.EINVAL) {
		err = t.rename(d, out.temp, out.name) // the file system cannot promise that; the name was free before
	}
	clash := new(clashError)
	switch {
	case errors.As(err, clash):
		t.problem(out.path, string(*clash))
		return nil
	case errors.Is(err, unix.EEXIST):
		_ = unix.Unlinkat(at, out.temp, 0)
		err = t.taken(d, out.name)
		if errors.As(err, clash) {
			t.problem(out.path, string(*clash))
			return nil
		}
		return err
	case err != nil:
		return tried.Errorf("name %s: %w", out.path, err)
	}
	d.note(out.name, int(out.f.Fd()))
	t.Copied.Files++
	return nil
}

// abandon removes the file that is being written, if there is one.
func (t *Tree) abandon() error {
	out := t.file
	if t.file = nil; out == nil {
		return nil
	}
	var err error
	if out.temp != "" {
		err = unix.Unlinkat(int(t.top().f.Fd()), out.temp, 0)
	}
	return errors.Join(err, out.f.Close())
}
