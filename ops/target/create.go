package target

import "io"

// A New describes an image that is to be made.
type New struct {
	Size int64 // of the disk in bytes, a multiple of 512
	// Content reads the disk. It is nil for a disk that reads as zeros, or as its backing file.
	Content Content
	// Backing is the name of the backing file as the image is to hold it, and BackingFormat its format. They are "" for an image
	// that stands alone. A format without backing files fails.
	Backing, BackingFormat string
	// Heavy says that reading Content takes far longer than copying its bytes, because it is compressed.
	Heavy       bool
	Compression string // "zlib" or "zstd"; "" for an image that is not compressed
	// Watch is called with the bytes of the disk that are done. It may be nil.
	Watch func(done int64)
}

// Content is a disk to be copied. Its methods are those of Device, and may be called from several goroutines at once.
type Content interface {
	io.ReaderAt
	Size() int64
	Data(off int64) (start, end int64, err error)
}

// Done calls Watch.
func (n New) Done(done int64) {
	if n.Watch != nil {
		n.Watch(done)
	}
}
