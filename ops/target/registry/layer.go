package registry

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
	"shunt/ops/target/qcow2"
)

// A Layer is an image file or a device as it lies there, without its backing files.
type Layer struct {
	Format    string // "raw", "qcow2", "VMDK"
	QEMU      string // QEMU's name for it, "" if QEMU does not read it
	Size      int64  // of the disk in bytes; 0 if it is not known
	File      int64  // the length of the file in bytes; 0 for a device
	Allocated int64  // bytes on the host's file system
	// Backing is the name of the backing file as the image holds it, BackingPath where that is, and BackingFormat its format.
	// They are "" where there is none, where the name is not that of a file, and where the image does not say.
	Backing, BackingPath, BackingFormat string
	Snapshots                           []model.ImageSnapshot
	Users                               []target.InUse
	Refused                             error // why shunt cannot read an image in a format that it knows
}

// LookAt describes the file or device at path, without a lock. format is the one that an overlay names; "" to recognise it.
// Only the header is read. The error can be shown beside the path, which it does not name.
func LookAt(path, format string) (l Layer, err error) {
	seen, err := held.Hold(path)
	if err != nil {
		return l, tried.Cause(err)
	}
	defer func() { _ = seen.Close() }() // it was only looked at
	st, err := kernel.StatFile(seen)
	if err != nil {
		return l, err
	}
	kind := st.Mode & unix.S_IFMT
	if kind != unix.S_IFREG && kind != unix.S_IFBLK {
		return l, target.ErrNotFile
	}
	f, err := os.OpenFile(held.Through(seen), os.O_RDONLY|unix.O_NONBLOCK, 0) // without waiting for a lease or a drive
	_ = seen.Close()                                                          // a search for users of the file must not find it
	if errors.Is(err, unix.EWOULDBLOCK) {
		return l, target.ErrLeased
	}
	if err != nil {
		return l, tried.Cause(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	const statBlock = 512
	if l.File, l.Allocated, l.Size = st.Size, st.Blocks*statBlock, st.Size; kind == unix.S_IFBLK {
		d, err := kernel.Host().Disk(st.Rdev)
		if err != nil {
			return l, err
		}
		l.Size = d.Bytes()
	}
	l.Users = kernel.Host().Users(path, kernel.Host().Identify(st.Dev, st.Ino, f))
	return l, l.recognise(path, format, f)
}

// recognise finds out the format of an open file, and reads its header.
func (l *Layer) recognise(path, format string, f *os.File) error {
	found := plain()
	if format == "" {
		var err error
		if found, err = recognise(path, f, l.Size); err != nil {
			return err
		}
		format = found.name
	}
	switch l.Format, l.QEMU = format, found.way.qemu; format {
	case "raw":
		l.QEMU = format
		return nil
	case "qcow2":
		l.QEMU = format
	default:
		l.Size = 0
		return nil
	}
	b, err := qcow2.Briefly(f, path)
	if err != nil {
		l.Size, l.Refused = 0, err
		return nil
	}
	l.Size, l.Backing, l.BackingPath, l.BackingFormat, l.Snapshots = b.Size, b.Backing, b.Path, b.BackingFormat, b.Snapshots
	return nil
}
