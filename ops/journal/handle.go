package journal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A Handle is what another process needs, besides the open files, to use the same directory.
type Handle struct {
	Parent, Name string // for messages; Name also to make and remove the directory
	Beside       string // the name of the image in the parent, to exchange it; "" if it lies elsewhere
	There        bool   // the directory exists and is the last of the files
	As           *User  `json:",omitempty"` // the user whose rights are used; nil to use those of the process
}

// Handle returns what Adopt needs in another process. The files still belong to d. The directory's parent must exist.
func (d *Dir) Handle() (Handle, []*os.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.parent == nil {
		if err := d.find(); err != nil { // the parent, and with it the directory, may have been made since
			return Handle{}, nil, err
		}
	}
	if err := d.requireParent(); err != nil {
		return Handle{}, nil, cannotMake(err)
	}
	h := Handle{Parent: d.location.Parent, Name: d.location.Name, Beside: d.location.Beside, There: d.dir != nil, As: d.as}
	if h.There {
		return h, []*os.File{d.parent, d.dir}, nil
	}
	var err error
	if h.As, err = d.maker(); err == nil {
		err = cannotMake(d.writable(h.As))
	}
	return h, []*os.File{d.parent}, err
}

// writable fails if the parent may not be written to. The worker could make the directory nevertheless, because in a user
// namespace it has root's rights on what its user owns; later nobody could remove it.
func (d *Dir) writable(maker *User) error {
	err := maker.do(func() error {
		return unix.Faccessat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", d.parent.Fd()), unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	})
	if err != nil {
		return &os.PathError{Op: "write to", Path: d.location.Parent, Err: err}
	}
	return nil
}

// Count returns how many files belong to the handle.
func (h Handle) Count() int {
	if h.There {
		return 2
	}
	return 1
}

// Adopt returns a Dir for a directory that another process opened and checked. The Dir takes over the files. Programs that
// are started later do not inherit them.
func Adopt(h Handle, files []*os.File) (*Dir, error) {
	d := &Dir{location: Location{Parent: h.Parent, Name: h.Name, Beside: h.Beside}, adopted: true, as: h.As}
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
