package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Handle is what another process needs besides the files to use the same directory.
type Handle struct {
	Parent, Name string // for messages, and Name to make and remove it
	There        bool   // the directory is the last of the files; otherwise it will be made
	As           *User  `json:",omitempty"` // whose rights are used; nil for those of the process
}

// Handle describes the directory for Adopt, with its files, which still belong to d. The directory's parent must exist.
func (d *Dir) Handle() (Handle, []*os.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.parent == nil {
		if err := d.find(); err != nil { // it came together with its parent
			return Handle{}, nil, err
		}
	}
	if err := d.requireParent(); err != nil {
		return Handle{}, nil, cannotMake(err)
	}
	h := Handle{Parent: d.location.Parent, Name: d.location.Name, There: d.dir != nil, As: d.as}
	if h.There {
		return h, []*os.File{d.parent, d.dir}, nil
	}
	var err error
	h.As, err = d.maker()
	return h, []*os.File{d.parent}, err
}

// Count is how many files belong to the handle.
func (h Handle) Count() int {
	if h.There {
		return 2
	}
	return 1
}

// Adopt makes a Dir of a directory that another process opened and checked. The files belong to the Dir from then on, also
// if Adopt fails, and programs that are started later do not inherit them.
func Adopt(h Handle, files []*os.File) (*Dir, error) {
	d := &Dir{location: Location{Parent: h.Parent, Name: h.Name}, adopted: true, as: h.As}
	for i, f := range files {
		if f == nil || len(files) != h.Count() {
			return nil, errors.New("internal error: the journal's directory was not handed over; " +
				"nothing was changed, please report this")
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
