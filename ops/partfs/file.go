package partfs

import (
	"errors"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"shunt/ops/overlay"
)

const (
	tooBig      = fuse.Status(syscall.EFBIG)
	unsupported = fuse.Status(syscall.EOPNOTSUPP)
	noSuchByte  = fuse.Status(syscall.ENXIO)
)

// Open opens a window. As the answer does not say otherwise, the kernel drops what it has cached of it.
//
// The kernel shall not tell when a program closes the window, as nothing needs to be done and waiting for the answer can
// be fatal: if this process has a window open while it starts another program, the child closes its
// copy, and until it has done so the runtime may keep all goroutines from running, those that would answer
// among them.
func (f *files) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	_, status := f.node(in.NodeId)
	out.OpenFlags |= fuse.FOPEN_NOFLUSH
	return status
}

// Release closes a window.
func (f *files) Release(<-chan struct{}, *fuse.ReleaseIn) {}

// Read reads from a window.
func (f *files) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	nd, status := f.node(in.NodeId)
	if !status.Ok() {
		return nil, status
	}
	off := int64(in.Offset)
	if off < 0 || off >= nd.n {
		return fuse.ReadResultData(nil), fuse.OK
	}
	buf = buf[:min(int64(len(buf)), nd.n-off)]
	// The kernel takes a short read for the end of the file and believes that the rest is zero, so less than
	// everything must be an error even where the disk ends within the window.
	if _, err := f.ov.ReadAt(buf, nd.off+off); err != nil {
		return nil, toErrno(err)
	}
	return fuse.ReadResultData(buf), fuse.OK
}

// Write writes into a window. What would lie behind its end is not taken.
func (f *files) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	nd, status := f.node(in.NodeId)
	if !status.Ok() {
		return 0, status
	}
	off := int64(in.Offset)
	if off < 0 || off >= nd.n {
		return 0, tooBig
	}
	data = data[:min(int64(len(data)), nd.n-off)]
	n, err := f.ov.WriteAt(data, nd.off+off)
	if err != nil {
		return 0, toErrno(err)
	}
	return uint32(n), fuse.OK
}

// Flush is called when a program closes a window by kernels before 5.16, which do not understand Open's wish. The answer
// lets them not ask again.
func (f *files) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

// Fsync makes what was written durable.
func (f *files) Fsync(<-chan struct{}, *fuse.FsyncIn) fuse.Status {
	if err := f.ov.Sync(); err != nil {
		return toErrno(err)
	}
	return fuse.OK
}

// FsyncDir has nothing to do.
func (f *files) FsyncDir(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return fuse.OK }

// SetAttr accepts times and shorter lengths without any effect, and refuses the rest. A tool that shrinks a file system
// cuts off the file behind it; for the partition that is a later step of the plan, not the tool's business.
func (f *files) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	if in.Valid&(fuse.FATTR_MODE|fuse.FATTR_UID|fuse.FATTR_GID) != 0 {
		return fuse.EPERM
	}
	if in.Valid&fuse.FATTR_SIZE != 0 {
		nd, status := f.node(in.NodeId)
		if !status.Ok() {
			return status
		}
		if in.Size > uint64(nd.n) {
			return tooBig
		}
	}
	return f.attributes(in.NodeId, out)
}

// Fallocate zeroes ranges. All room is there from the start, so reserving some is a matter of being within the length.
func (f *files) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	nd, status := f.node(in.NodeId)
	if !status.Ok() {
		return status
	}
	off, end := int64(in.Offset), int64(in.Offset+in.Length)
	if off < 0 || end < off {
		return tooBig
	}
	const keep, punch, zero = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE
	switch in.Mode {
	case 0:
		if end > nd.n {
			return tooBig
		}
		return fuse.OK
	case keep:
		return fuse.OK
	case zero:
		if end > nd.n {
			return tooBig
		}
	case zero | keep, punch | keep:
		end = min(end, nd.n)
	default:
		return unsupported
	}
	if off >= end {
		return fuse.OK
	}
	if err := f.ov.Zero(nd.off+off, end-off); err != nil {
		return toErrno(err)
	}
	return fuse.OK
}

// Lseek finds data and holes; what the overlay knows to be zero is a hole.
func (f *files) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	nd, status := f.node(in.NodeId)
	if !status.Ok() {
		return status
	}
	off := int64(in.Offset)
	if off < 0 || off >= nd.n {
		return noSuchByte
	}
	if in.Whence != unix.SEEK_DATA && in.Whence != unix.SEEK_HOLE {
		return fuse.EINVAL
	}
	for e := range f.ov.Extents(nd.off+off, nd.n-off) {
		hole := e.Kind == overlay.Zero || e.Kind == overlay.Free
		if hole == (in.Whence == unix.SEEK_HOLE) {
			out.Offset = uint64(e.Off - nd.off)
			return fuse.OK
		}
	}
	if in.Whence == unix.SEEK_DATA {
		return noSuchByte
	}
	out.Offset = uint64(nd.n)
	return fuse.OK
}

// toErrno is the error number a program gets to see. The error itself is kept by the overlay.
func toErrno(err error) fuse.Status {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return fuse.Status(errno)
	}
	return fuse.EIO
}
