package copying

import (
	"os"

	"golang.org/x/sys/unix"
)

// An Out is a file that is written from its start to its end. What was written begins to reach the disk while the rest is
// still written, so the sync at the end does not have to wait for all of it.
type Out struct {
	f     *os.File
	since int64         // bytes since the host was last told to begin
	begin chan struct{} // tells the goroutine to do that
	ended chan struct{}
}

// enough is how many bytes are written before the host is told to begin.
const enough = 32 << 20

// NewOut returns an Out, which must be closed. The file stays open.
func NewOut(f *os.File) *Out {
	o := &Out{f: f, begin: make(chan struct{}, 1), ended: make(chan struct{})}
	go func() {
		defer close(o.ended)
		for range o.begin {
			// Where this is not possible the sync does it. It reports all errors.
			_ = unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
		}
	}()
	return o
}

// WriteAt implements io.WriterAt.
func (o *Out) WriteAt(p []byte, off int64) (int, error) {
	n, err := o.f.WriteAt(p, off)
	if o.since += int64(n); o.since >= enough {
		o.since = 0
		select {
		case o.begin <- struct{}{}:
		default: // it is still busy
		}
	}
	return n, err
}

// Close waits until the host is no longer being told.
func (o *Out) Close() {
	close(o.begin)
	<-o.ended
}
