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

// Open opens a window. The kernel then drops its cache of the window, because the answer does not set FOPEN_KEEP_CACHE.
//
// FOPEN_NOFLUSH keeps the kernel from reporting when a program closes the window. The report could cause a deadlock: if
// this process has a window open while it starts another program, the child closes its copy. Until then the runtime may
// keep all goroutines from running, including those that would answer the report.
func (f *files) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	_, status := f.window(in.NodeId)
	out.OpenFlags |= fuse.FOPEN_NOFLUSH
	return status
}

func (f *files) Release(<-chan struct{}, *fuse.ReleaseIn) {}

func (f *files) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	w, off, status := f.at(in.NodeId, in.Offset)
	if status == noSuchByte {
		return fuse.ReadResultData(nil), fuse.OK
	}
	if !status.Ok() {
		return nil, status
	}
	buf = buf[:min(int64(len(buf)), w.n-off)]
	// The kernel takes a short read for the end of the file and assumes zeroes after it. So a short read must be an error,
	// even if the disk ends within the window.
	if _, err := f.ov.ReadAt(buf, w.off+off); err != nil {
		return nil, toErrno(err)
	}
	return fuse.ReadResultData(buf), fuse.OK
}

// Write writes into a window. It cuts the data off at the window's end.
func (f *files) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	w, off, status := f.at(in.NodeId, in.Offset)
	if status == noSuchByte {
		status = tooBig
	}
	if !status.Ok() {
		return 0, status
	}
	data = data[:min(int64(len(data)), w.n-off)]
	n, err := f.ov.WriteAt(data, w.off+off)
	if err != nil {
		return 0, toErrno(err)
	}
	return uint32(n), fuse.OK
}

// Flush refuses the report that a program closes a window. Only kernels before 5.16 send it, since they do not know
// FOPEN_NOFLUSH. After ENOSYS they do not send it again.
func (f *files) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

// Fsync makes all writes durable.
func (f *files) Fsync(<-chan struct{}, *fuse.FsyncIn) fuse.Status {
	return toErrno(f.ov.Sync())
}

// FsyncDir succeeds, since the directory is not stored anywhere.
func (f *files) FsyncDir(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return fuse.OK }

// SetAttr accepts new times and shorter lengths but ignores them, and refuses everything else. A tool that shrinks a file
// system truncates the file, but the partition is shortened by a later step of the plan.
func (f *files) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	if in.Valid&(fuse.FATTR_MODE|fuse.FATTR_UID|fuse.FATTR_GID) != 0 {
		return fuse.EPERM
	}
	if in.Valid&fuse.FATTR_SIZE != 0 {
		w, status := f.window(in.NodeId)
		if !status.Ok() {
			return status
		}
		if in.Size > uint64(w.n) {
			return tooBig
		}
	}
	return f.attributes(in.NodeId, out)
}

// Fallocate zeroes ranges. A window has all its space from the start, so reserving space only checks the length.
func (f *files) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	w, status := f.window(in.NodeId)
	if !status.Ok() {
		return status
	}
	off, end := int64(in.Offset), int64(in.Offset+in.Length)
	if off < 0 || end < off {
		return tooBig
	}
	const keep, punch, zero = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE
	switch in.Mode {
	case 0, keep, zero, zero | keep, punch | keep:
	default:
		return unsupported
	}
	if in.Mode&keep == 0 && end > w.n {
		return tooBig
	}
	if end = min(end, w.n); in.Mode&(punch|zero) == 0 || off >= end {
		return fuse.OK
	}
	return toErrno(f.ov.Zero(w.off+off, end-off))
}

// Lseek finds data and holes. A hole is a range that the overlay's map marks as zero or free.
func (f *files) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	w, off, status := f.at(in.NodeId, in.Offset)
	if !status.Ok() {
		return status
	}
	if in.Whence != unix.SEEK_DATA && in.Whence != unix.SEEK_HOLE {
		return fuse.EINVAL
	}
	for e := range f.ov.Extents(w.off+off, w.n-off) {
		hole := e.Kind == overlay.Zero || e.Kind == overlay.Free
		if hole == (in.Whence == unix.SEEK_HOLE) {
			out.Offset = uint64(e.Off - w.off)
			return fuse.OK
		}
	}
	if in.Whence == unix.SEEK_DATA {
		return noSuchByte
	}
	out.Offset = uint64(w.n)
	return fuse.OK
}

// at returns the window with a node number, and checks an offset in it. The status is noSuchByte if that lies outside.
func (f *files) at(id, offset uint64) (w window, off int64, status fuse.Status) {
	w, status = f.window(id)
	if off = int64(offset); status.Ok() && (off < 0 || off >= w.n) {
		status = noSuchByte
	}
	return w, off, status
}

// toErrno returns the error number that the tool gets. The overlay keeps the error itself.
func toErrno(err error) fuse.Status {
	if err == nil {
		return fuse.OK
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return fuse.Status(errno)
	}
	return fuse.EIO
}
