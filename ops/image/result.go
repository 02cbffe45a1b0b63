package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/session"
	"shunt/ops/target/registry"
)

// Options say how a Result is made.
type Options struct {
	Replace bool            // a regular file that has the name already is replaced
	Shown   bool            // images that show the file as their backing file are no reason to refuse
	Session session.Options // where journals lie, and whether files can be locked
}

// Errors of New. The texts follow the path.
var (
	// ErrExists is returned for a file that exists, without Options.Replace.
	ErrExists = errors.New("exists already: give another name, or --force to replace it")
	// ErrSource is returned for a name that leads to one of the sources, also by a link.
	ErrSource = errors.New("is the source itself: give another name")
	// ErrNotRegular is returned for a name that leads to anything but a regular file.
	ErrNotRegular = errors.New("is not a regular file, and is never replaced by one")
	// ErrDangling is returned for a symbolic link that leads to nothing.
	ErrDangling = errors.New("is a symbolic link to a file that does not exist: remove the link, or give the name of the file")
)

// A Result is a new file that gets its name when it is complete. Until Finish nothing changes under the name, also if this
// process is killed. A file that is to be replaced is locked meanwhile. What a killed process left beside the name is removed by the next
// Result there.
type Result struct {
	sys   system
	given string // the name as the user gave it, for messages
	path  string // without symbolic links
	dir   *os.File
	file  *os.File
	temp  string   // the hidden name of the file in dir, "" if it has none (O_TMPFILE)
	inner string   // the directory in dir in which temp lies, "" if it is dir itself
	held  *os.File // inner, locked
	old   *session.Displaced
	seen  os.FileInfo // of old
}

// New begins a file that will be called dst. A dst that is a symbolic link stays one, and the file that it leads to is
// meant. sources are the files from which the new one is made, backing files included. The caller ends the Result with
// Finish or Drop.
//
// New fails with the errors above; with those of session.Displace if the file at dst is in use, cannot be written or has an
// unfinished transaction; and if images in the same directory show that file as their backing file.
func New(dst string, o Options, sources ...os.FileInfo) (*Result, error) {
	return begin(host{}, dst, o, sources, (*Result).open)
}

// NewNamed is like New for a program that writes the file by its name and may keep the name in it. The file does not exist
// yet: the program makes it at Path, in a hidden directory beside dst. File is nil.
func NewNamed(dst string, o Options, sources ...os.FileInfo) (*Result, error) {
	return begin(host{}, dst, o, sources, (*Result).openInner)
}

func begin(sys system, dst string, o Options, sources []os.FileInfo, open func(*Result) error) (_ *Result, err error) {
	r := &Result{sys: sys, given: dst}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Drop())
		}
	}()
	if err := r.find(o, sources); err != nil {
		return nil, err
	}
	if r.dir, err = os.Open(filepath.Dir(r.path)); err != nil {
		return nil, tried.Errorf("make %s: %w", dst, err)
	}
	removeLeftovers(sys, r.dir)
	if err := open(r); err != nil {
		return nil, tried.Errorf("make %s: %w", dst, tried.Cause(err))
	}
	return r, nil
}

// find finds out where the file will be and whether it may be there.
func (r *Result) find(o Options, sources []os.FileInfo) error {
	if r.given == "" || strings.HasSuffix(r.given, "/") {
		return fmt.Errorf("%q is not the name of a file", r.given)
	}
	link, err := os.Lstat(r.given)
	if err == nil {
		r.seen, err = os.Stat(r.given)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && link != nil:
		return fmt.Errorf("%s %w", r.given, ErrDangling)
	case errors.Is(err, fs.ErrNotExist):
		return r.findVacant(o)
	case err != nil:
		return tried.Errorf("look at %s: %w", r.given, tried.Cause(err))
	}
	for _, s := range sources {
		if os.SameFile(r.seen, s) {
			return fmt.Errorf("%s %w", r.given, ErrSource)
		}
	}
	if !r.seen.Mode().IsRegular() {
		return fmt.Errorf("%s %w", r.given, ErrNotRegular)
	}
	if !o.Replace {
		return fmt.Errorf("%s %w", r.given, ErrExists)
	}
	if names := registry.Overlays(r.given); len(names) > 0 && !o.Shown {
		return fmt.Errorf("%s is the backing file of %s, which would show other content: remove those first, or give another name",
			r.given, strings.Join(names, ", "))
	}
	if r.old, err = session.Displace(r.given, o.Session); err != nil {
		return err
	}
	r.path = r.old.Path()
	return nil
}

// findVacant does the same for a name that nothing has.
func (r *Result) findVacant(o Options) error {
	abs, err := filepath.Abs(r.given)
	var dir string
	if err == nil {
		dir, err = filepath.EvalSymlinks(filepath.Dir(abs))
	}
	if err != nil {
		return tried.Errorf("make %s: %w", r.given, tried.Cause(err))
	}
	r.path = filepath.Join(dir, filepath.Base(abs))
	return session.Vacant(r.path, o.Session)
}

// open makes the file without a name where the host can do that, and with a hidden one elsewhere.
func (r *Result) open() (err error) {
	r.file, err = r.sys.openUnnamed(r.dir)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EINVAL) {
		r.temp = hiddenName()
		if r.file, err = r.sys.openNamed(r.dir, r.temp); err != nil {
			r.temp = ""
		}
	}
	if err == nil {
		err = lock(r.file, r.temp != "")
	}
	return err
}

// openInner makes the hidden directory.
func (r *Result) openInner() error {
	name := hiddenName()
	if err := r.sys.mkdir(r.dir, name); err != nil {
		return err
	}
	r.inner, r.temp = name, filepath.Join(name, filepath.Base(r.path))
	fd, err := unix.Openat(int(r.dir.Fd()), name, unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	r.held = os.NewFile(uintptr(fd), name)
	return lock(r.held, true)
}

// File returns the file, open for reading and writing. It still belongs to the Result.
func (r *Result) File() *os.File { return r.file }

// Path returns where the file of NewNamed is to be made.
func (r *Result) Path() string { return filepath.Join(filepath.Dir(r.path), r.temp) }

// Final returns the path that the file will have, without symbolic links.
func (r *Result) Final() string { return r.path }
