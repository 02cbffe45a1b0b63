package journal

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// Handle is what another process needs besides Files to use the same directory.
type Handle struct {
	Parent, Name string // for messages, and Name to make and remove it
	There        bool   // the directory is the last of the files; otherwise it is to be made
	As           *User  `json:",omitempty"` // whose rights are used; nil for those of the process
}

// Handle describes the directory for Adopt, with its files, which still belong to d. The directory's parent must exist.
func (d *Dir) Handle() (Handle, []*os.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.parent == nil {
		err := d.openParent()
		if err == nil && d.parent != nil {
			err = d.find() // it came together with its parent
		}
		if err != nil {
			return Handle{}, nil, err
		}
	}
	if d.parent == nil {
		return Handle{}, nil, tried.Errorf("make the journal's directory: %w; choose another place with --journal",
			&os.PathError{Op: "open", Path: d.place.Parent, Err: unix.ENOENT})
	}
	h := Handle{Parent: d.place.Parent, Name: d.place.Name, There: d.dir != nil, As: d.as}
	if h.There {
		return h, []*os.File{d.parent, d.dir}, nil
	}
	var err error
	h.As, err = d.maker()
	return h, []*os.File{d.parent}, err
}

// Count is how many files go with the handle.
func (h Handle) Count() int {
	if h.There {
		return 2
	}
	return 1
}

// Adopt takes a directory over that another process opened and checked. The files belong to the Dir from then on, also if
// Adopt fails, and programs that are started later do not inherit them.
func Adopt(h Handle, files []*os.File) (*Dir, error) {
	d := &Dir{place: Location{Parent: h.Parent, Name: h.Name}, adopted: true, as: h.As}
	for i, f := range files {
		if f == nil || len(files) != h.Count() {
			return nil, errors.New("internal error: the journal's directory was not handed over; nothing was changed, please report this")
		}
		unix.CloseOnExec(int(f.Fd()))
		if i == 0 {
			d.parent = f
		} else {
			d.dir = f
		}
	}
	return d, nil
}

// throughProc is a path to an open file that is short, and does not depend on its name.
func throughProc(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }
