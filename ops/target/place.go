package target

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Place is where what belongs to a target is kept.
type Place struct {
	// Beside is a path without an ending; see Target.Beside.
	Beside string
	// Image is the file that is, or was when it was looked at, at Beside; nil for a device that shows none.
	Image *ImageFile
}

// ImageFile tells a file from all others, and whose it is.
type ImageFile struct {
	Dev, Inode uint64
	UID, GID   uint32
}

// open opens the file to be read, if it still is at the path.
func (i ImageFile) open(path string) (*os.File, error) {
	held, err := hold(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = held.Close() }() // it was only looked at
	var st unix.Stat_t
	if err := unix.Fstat(int(held.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Dev != i.Dev || st.Ino != i.Inode {
		return nil, ErrReplaced
	}
	return reopen(held, os.O_RDONLY)
}

func imageFile(st unix.Stat_t) *ImageFile {
	return &ImageFile{Dev: st.Dev, Inode: st.Ino, UID: st.Uid, GID: st.Gid}
}

// PlaceOf is the place of a target that is open.
func PlaceOf(t Target) Place { return Place{Beside: t.Beside(), Image: t.Image()} }

// FindPlace finds, without opening or locking anything, what PlaceOf the target at path is.
func FindPlace(path string) (Place, error) {
	resolved, err := realPath(path)
	if err != nil {
		return Place{}, fmt.Errorf("open %s: %w", path, cause(err))
	}
	var st unix.Stat_t
	if err := retry(func() error { return unix.Stat(resolved, &st) }); err != nil {
		return Place{}, fmt.Errorf("open %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return Place{resolved, imageFile(st)}, nil
	}
	d, err := host().disk(st.Rdev)
	if err != nil {
		return Place{}, err
	}
	_, image := host().image(d)
	return Place{host().beside(d), image}, nil
}

// beside is the image of a loop device, or a place of the device's own in the directory for states.
func (k kernel) beside(d disk) string {
	if image, _ := k.image(d); image != "" {
		return image
	}
	name := d.name
	if serial := d.serial(); serial != "" {
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
				return r
			}
			return '_'
		}, serial)
	}
	return filepath.Join(stateDir(os.Geteuid(), os.Getenv), name)
}

// stateDir is where what belongs to devices is kept: /var/lib/shunt, or the user's own directory for states.
func stateDir(uid int, env func(string) string) string {
	if uid == 0 {
		return "/var/lib/shunt"
	}
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shunt")
	}
	return filepath.Join(env("HOME"), ".local", "state", "shunt")
}
