package extract

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

// Options say how a Tree writes files.
type Options struct {
	// Force overwrites files that exist, and copies into directories that exist.
	Force bool
	// Setuid keeps the bits by which a program runs with the rights of its owner or group.
	Setuid bool
	// Into lets the first directory be one that exists.
	Into bool
	// Sources are files that are never replaced, because the content comes from them.
	Sources []os.FileInfo
	// Problem is called with a path and the reason for everything that could not be copied. Note is called for what cannot be
	// copied by its nature, and for what is not as it was.
	Problem, Note func(path, why string)
	// Progress is called with the path of every file and directory when it begins, and with the number of bytes that were
	// written. It may be nil.
	Progress func(path string, bytes int64)
}

// A Tree is a Handler that writes what it gets to the host. All names come from the image and may be hostile. So each
// directory is open while it is filled, every name is one component that is created or opened in it without following a
// link, and what is no name of a file is refused. A file gets its name when it is complete.
type Tree struct {
	Options
	Copied report.Copied

	first string // the name of what is written, in the first directory
	dirs  []*outDir
	file  *outFile
	skip  int // how many entries that are left out have not ended
}

// outDir is an open directory of the host that is filled.
type outDir struct {
	f     *os.File
	path  string
	entry Entry // what it will be like
	made  map[uint64]string
	fresh bool // the Tree has made it
}

// NewTree returns a Tree that writes a file or directory with the last name of path, in the directory before it, which must
// exist. The Tree must be closed.
func NewTree(path string, o Options) (*Tree, error) {
	dir, name := filepath.Split(path)
	if !fsys.Nameable(name) {
		return nil, fmt.Errorf("%s is no name for a file", safetext.Printable(path))
	}
	if dir == "" {
		dir = "."
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, tried.Errorf("write to %s: %w", path, err)
	}
	t := &Tree{Options: o, first: name}
	t.dirs = []*outDir{{f: f, path: dir, made: map[uint64]string{}}}
	return t, nil
}

// Close gives up what is not complete. Complete files stay.
func (t *Tree) Close() error {
	err := t.abandon()
	for _, d := range t.dirs {
		err = errors.Join(err, d.f.Close())
	}
	t.dirs = nil
	return err
}

func (t *Tree) top() *outDir { return t.dirs[len(t.dirs)-1] }

func (t *Tree) problem(path, why string) {
	t.Copied.Problems++
	t.Problem(path, why)
}

// Enter implements Handler.
func (t *Tree) Enter(e Entry) error {
	if t.skip > 0 {
		t.leaveOut(e)
		return nil
	}
	d, name := t.top(), string(e.Name)
	if len(t.dirs) == 1 {
		name = t.first
	}
	path := filepath.Join(d.path, name)
	if !fsys.Nameable(name) {
		t.problem(d.path+"/"+name, "this cannot be the name of a file here: it was left out")
		t.leaveOut(e)
		return nil
	}
	if t.isSource(d, name) {
		t.problem(path, "it is the image that is read, or its backing file: it was left as it is")
		t.leaveOut(e)
		return nil
	}
	if t.Progress != nil {
		t.Progress(path, t.Copied.Bytes)
	}
	t.Copied.Attributes = t.Copied.Attributes || e.Attributes
	t.Copied.Shared = t.Copied.Shared || e.Shared
	var err error
	switch e.Kind {
	case report.FileDirectory:
		err = t.directory(d, name, path, e)
	case report.FileRegular:
		err = t.begin(d, name, path, e)
	case report.FileSymlink:
		err = t.link(d, name, path, e)
	case report.FileOther:
		t.Note(path, "it is "+fsys.SpecialName(e.Mode)+": it was left out")
	}
	if clash := new(clashError); errors.As(err, clash) {
		t.problem(path, string(*clash))
		t.leaveOut(e)
		return nil
	}
	return err
}

// isSource reports whether the name leads to a file that is never replaced. Links are followed: what is read may be named by one.
func (t *Tree) isSource(d *outDir, name string) bool {
	if len(t.Sources) == 0 || !t.Force {
		return false // nothing is replaced
	}
	there, err := os.Stat(fmt.Sprintf("/proc/self/fd/%d/%s", d.f.Fd(), name))
	return err == nil && slices.ContainsFunc(t.Sources, func(s os.FileInfo) bool { return os.SameFile(s, there) })
}

// leaveOut makes the Tree ignore what comes for an entry.
func (t *Tree) leaveOut(e Entry) {
	if e.Kind == report.FileDirectory || e.Kind == report.FileRegular { // these have an end
		t.skip++
	}
}

// A clashError says why one file or directory cannot be written, while others can.
type clashError string

func (e clashError) Error() string { return string(e) }

// refused turns an error of one name into a clashError if others may still be written.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENAMETOOLONG), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EILSEQ):
		const text = "the file system of the destination refuses this name (%v): it was left out"
		return clashError(fmt.Sprintf(text, tried.Cause(err)))
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EOPNOTSUPP):
		return clashError(fmt.Sprintf("the file system of the destination refuses it (%v): it was left out", tried.Cause(err)))
	}
	return err
}

// taken returns the error for a name that exists already.
func (t *Tree) taken(d *outDir, name string) error {
	var st unix.Stat_t
	if err := unix.Fstatat(int(d.f.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil {
		if other, mine := d.made[st.Ino]; mine && other != name {
			return clashError(fmt.Sprintf("the destination takes this name for the same as %q: it was left out", other))
		}
	}
	if len(t.dirs) == 1 {
		return &TakenError{filepath.Join(d.path, name)}
	}
	t.Copied.Taken++
	return clashError("it exists already and was left as it is")
}

// A TakenError says that the destination exists already. Nothing was written. It is an fs.ErrExist.
type TakenError struct{ Path string }

func (e *TakenError) Error() string { return e.Path + " exists already: nothing was written" }

// Unwrap returns fs.ErrExist.
func (e *TakenError) Unwrap() error { return fs.ErrExist }

// note remembers what was written under a name.
func (d *outDir) note(name string, fd int) {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil {
		d.made[st.Ino] = name
	}
}

// mine reports whether a name in a directory leads to what was written under another one.
func (d *outDir) mine(name string) bool {
	var st unix.Stat_t
	if unix.Fstatat(int(d.f.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return false
	}
	other, ok := d.made[st.Ino]
	return ok && other != name
}

func (t *Tree) directory(d *outDir, name, path string, e Entry) error {
	err := unix.Mkdirat(int(d.f.Fd()), name, 0o755)
	fresh := err == nil
	if errors.Is(err, unix.EEXIST) {
		if !t.Force && !(t.Into && len(t.dirs) == 1) || d.mine(name) {
			return t.taken(d, name)
		}
		err = nil
	}
	if err != nil {
		return refused(tried.Errorf("make the directory %s: %w", path, err))
	}
	f, err := below(d.f, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		if !fresh {
			return clashError("there is something else of this name already: it was left out")
		}
		return tried.Errorf("open the directory %s: %w", path, err)
	}
	d.note(name, int(f.Fd()))
	if fresh && e.Owned { // until it is filled
		if err := f.Chmod(0o700); err != nil {
			return errors.Join(tried.Errorf("change %s: %w", path, err), f.Close())
		}
	}
	t.dirs = append(t.dirs, &outDir{f: f, path: path, entry: e, made: map[uint64]string{}, fresh: fresh})
	return nil
}

// below opens a name in a directory. It follows no link.
func below(dir *os.File, name string, flags int, mode uint32) (*os.File, error) {
	fd, err := unix.Openat2(int(dir.Fd()), name, &unix.OpenHow{
		Flags: uint64(flags | unix.O_CLOEXEC | unix.O_NOFOLLOW), Mode: uint64(mode),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func (t *Tree) link(d *outDir, name, path string, e Entry) error {
	target := string(e.Target)
	if target == "" || strings.Contains(target, "\x00") {
		t.problem(path, "it is not known where this link leads: it was left out ("+e.NoTarget+")")
		return nil
	}
	at := int(d.f.Fd())
	err := unix.Symlinkat(target, at, name)
	if errors.Is(err, unix.EEXIST) {
		if !t.Force || d.mine(name) {
			return t.taken(d, name)
		}
		temp := temporary(name)
		if err = unix.Symlinkat(target, at, temp); err == nil {
			err = t.rename(d, temp, name)
		}
	}
	if err != nil {
		return refused(tried.Errorf("make the link %s: %w", path, err))
	}
	var st unix.Stat_t
	if unix.Fstatat(at, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil {
		d.made[st.Ino] = name
	}
	if os.Geteuid() == 0 && e.Owned {
		err = unix.Fchownat(at, name, int(e.UID), int(e.GID), unix.AT_SYMLINK_NOFOLLOW)
	}
	if err == nil {
		err = unix.UtimesNanoAt(at, name, times(e), unix.AT_SYMLINK_NOFOLLOW)
	}
	t.Copied.Links++
	return soft(err, func(why string) { t.Note(path, why) })
}

// soft reports an error of owner, mode or times, which the destination may not know.
func soft(err error, note func(why string)) error {
	if err != nil {
		note("its owner, mode or times could not be kept: " + tried.Cause(err).Error())
	}
	return nil
}

// rename gives a file its name in a directory. A directory of that name stays as it is.
func (t *Tree) rename(d *outDir, temp, name string) error {
	at := int(d.f.Fd())
	err := unix.Renameat(at, temp, at, name)
	if err != nil {
		err = errors.Join(err, unix.Unlinkat(at, temp, 0))
		if errors.Is(err, unix.EISDIR) {
			err = clashError("there is a directory of this name already: it was left out")
		}
	}
	return err
}

// Leave implements Handler.
func (t *Tree) Leave() error {
	if t.skip > 0 {
		t.skip--
		return nil
	}
	if t.file != nil {
		return t.finish()
	}
	if len(t.dirs) == 1 {
		return fmt.Errorf("%w: a directory ends that did not begin", ErrCutOff)
	}
	d := t.top()
	t.dirs = t.dirs[:len(t.dirs)-1]
	if d.fresh {
		if err := t.keep(d.f, d.path, d.entry); err != nil {
			return errors.Join(err, d.f.Close())
		}
	}
	t.Copied.Dirs++
	return d.f.Close()
}

// keep gives an open file or directory its owner, mode and times.
func (t *Tree) keep(f *os.File, path string, e Entry) error {
	fd := int(f.Fd())
	var err error
	mode := e.Mode & 0o1777
	if t.Setuid {
		mode = e.Mode & 0o7777
	} else if e.Mode&0o6000 != 0 && e.Kind == report.FileRegular {
		t.Note(path, "its setuid or setgid bit was dropped: `shunt cp --setuid` keeps it")
	}
	if e.Owned {
		if os.Geteuid() == 0 {
			err = unix.Fchown(fd, int(e.UID), int(e.GID))
		}
		err = errors.Join(err, unix.Fchmod(fd, mode)) // after the owner: changing that clears bits
	}
	if err == nil {
		err = unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), times(e), 0)
	}
	return soft(err, func(why string) { t.Note(path, why) })
}

// times returns the times of the last access and change. What is not known is left as it is.
func times(e Entry) []unix.Timespec {
	spec := func(t time.Time) unix.Timespec {
		if t.IsZero() {
			return unix.Timespec{Nsec: unix.UTIME_OMIT}
		}
		return unix.Timespec{Sec: t.Unix(), Nsec: int64(t.Nanosecond())}
	}
	return []unix.Timespec{spec(e.Accessed), spec(e.Modified)}
}

// Fault implements Handler.
func (t *Tree) Fault(f Fault) error {
	if t.skip > 0 {
		if f.Open {
			t.skip--
		}
		return nil
	}
	path := filepath.Join(t.top().path, string(f.Name))
	if f.Open && t.file != nil {
		path = t.file.path
	} else if len(t.dirs) == 1 {
		path = filepath.Join(t.top().path, t.first)
	}
	why := f.Why + ": it was left out"
	if len(f.Name) == 0 && !f.Open && len(t.dirs) > 1 {
		why = f.Why + ": the rest of this directory was left out"
	}
	t.problem(path, why)
	return t.abandon()
}
