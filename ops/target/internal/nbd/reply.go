package nbd

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// Numbers of replies.
const (
	simpleMagic = 0x67446698
	chunkMagic  = 0x668e33ef

	flagDone = 1 << 0 // it is the last chunk of its reply

	chunkNone        = 0
	chunkData        = 1
	chunkHole        = 2
	chunkStatus      = 5
	chunkError       = 1<<15 + 1
	chunkErrorOffset = 1<<15 + 2
	chunkIsError     = 1 << 15

	stateZero = 1 << 1 // of base:allocation: it reads as zero
)

// receive hands all replies to their requests, until the connection ends.
func (c *Client) receive() {
	in := bufio.NewReaderSize(c.conn, 64<<10)
	for {
		if err := c.reply(in); err != nil {
			c.fail(err)
			return
		}
	}
}

// reply takes one reply, or one chunk of one. An error ends the connection.
func (c *Client) reply(in io.Reader) error {
	var magic [4]byte
	if _, err := io.ReadFull(in, magic[:]); err != nil {
		return err
	}
	switch binary.BigEndian.Uint32(magic[:]) {
	case simpleMagic:
		return c.simple(in)
	case chunkMagic:
		return c.chunk(in)
	}
	return fmt.Errorf("%w: a reply begins with %x", ErrProtocol, magic)
}

// waits returns the request with a cookie, and forgets it if this is its last chunk.
func (c *Client) waits(cookie uint64, last bool) (*request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.waiting[cookie]
	if r == nil {
		return nil, fmt.Errorf("%w: it answers what was not asked", ErrProtocol)
	}
	if last {
		delete(c.waiting, cookie)
	}
	return r, nil
}

// simple takes a reply without chunks.
func (c *Client) simple(in io.Reader) error {
	var b [12]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return err
	}
	r, err := c.waits(binary.BigEndian.Uint64(b[4:]), true)
	if err != nil {
		return err
	}
	failure := binary.BigEndian.Uint32(b[:])
	if failure == 0 && (r.cmd == cmdRead || r.cmd == cmdStatus) {
		err = fmt.Errorf("%w: it answers a read without chunks", ErrProtocol)
	}
	r.end(failure, "", err)
	return err
}

// chunk takes a chunk of a reply.
func (c *Client) chunk(in io.Reader) error {
	var b [16]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return err
	}
	flags, kind, n := binary.BigEndian.Uint16(b[:]), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[12:])
	last := flags&flagDone != 0
	r, err := c.waits(binary.BigEndian.Uint64(b[4:]), last)
	if err != nil {
		return err
	}
	failure, words, err := c.take(r, in, kind, int64(n))
	if failure != 0 && r.err == nil {
		r.err = failureOf(failure, words)
	}
	if err == nil && last {
		err = r.complete()
	}
	if last {
		r.end(0, "", err)
	}
	return err
}

// take reads the n bytes of a chunk's content.
func (c *Client) take(r *request, in io.Reader, kind uint16, n int64) (failure uint32, words string, err error) {
	switch {
	case kind == chunkNone && n == 0:
		return 0, "", nil
	case kind == chunkData && r.cmd == cmdRead:
		return 0, "", r.takeData(in, n)
	case kind == chunkHole && r.cmd == cmdRead && n == 12:
		return 0, "", r.takeHole(in)
	case kind == chunkStatus && r.cmd == cmdStatus:
		return 0, "", r.takeStatus(in, c.context, n)
	case kind&chunkIsError != 0:
		return takeError(in, kind, n)
	}
	return 0, "", fmt.Errorf("%w: a chunk of kind %d and %d bytes does not answer command %d", ErrProtocol, kind, n, r.cmd)
}

// takeData reads the bytes of a part of the disk. The parts must come in their order, which is how QEMU sends them.
func (r *request) takeData(in io.Reader, n int64) error {
	var off [8]byte
	if n <= int64(len(off)) {
		return fmt.Errorf("%w: a chunk of data has %d bytes", ErrProtocol, n)
	}
	if _, err := io.ReadFull(in, off[:]); err != nil {
		return err
	}
	into, err := r.part(binary.BigEndian.Uint64(off[:]), n-int64(len(off)))
	if err != nil {
		return err
	}
	_, err = io.ReadFull(in, into)
	return err
}

func (r *request) takeHole(in io.Reader) error {
	var b [12]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return err
	}
	into, err := r.part(binary.BigEndian.Uint64(b[:]), int64(binary.BigEndian.Uint32(b[8:])))
	clear(into)
	return err
}

// part returns the next n bytes to fill, which must be those at off.
func (r *request) part(off uint64, n int64) ([]byte, error) {
	if off != uint64(r.at) || n <= 0 || n > int64(len(r.into)) {
		return nil, fmt.Errorf("%w: it sends %d bytes at byte %d, and %d at byte %d were to come",
			ErrProtocol, n, off, len(r.into), r.at)
	}
	into := r.into[:n]
	r.into, r.at = r.into[n:], r.at+n
	return into, nil
}

// takeStatus reads the runs of a part of the disk. The last one may reach beyond it.
func (r *request) takeStatus(in io.Reader, context uint32, n int64) error {
	const most, id, each = 1 << 20, 4, 8 // bytes
	if n > most || n < id+each || (n-id)%each != 0 || r.extents != nil {
		return fmt.Errorf("%w: it describes the disk in %d bytes", ErrProtocol, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(in, b); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(b) != context {
		return fmt.Errorf("%w: it describes what was not asked", ErrProtocol)
	}
	left := r.n
	for b = b[id:]; len(b) > 0 && left > 0; b = b[each:] {
		length, state := int64(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
		if length == 0 {
			return fmt.Errorf("%w: it describes a part of the disk without length", ErrProtocol)
		}
		length = min(length, left)
		r.extents = append(r.extents, Extent{Len: length, Zero: state&stateZero != 0})
		left -= length
	}
	return nil
}

// takeError reads a failure and the server's words about it.
func takeError(in io.Reader, kind uint16, n int64) (failure uint32, words string, err error) {
	const head, offset, most = 6, 8, 1 << 16 // bytes
	if n < head || n > head+most+offset {
		return 0, "", fmt.Errorf("%w: it reports a failure in %d bytes", ErrProtocol, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(in, b); err != nil {
		return 0, "", err
	}
	failure = binary.BigEndian.Uint32(b)
	long := int64(binary.BigEndian.Uint16(b[4:]))
	want := head + long
	if kind == chunkErrorOffset {
		want += offset
	}
	if failure == 0 || (kind == chunkError || kind == chunkErrorOffset) && n != want || head+long > n {
		return 0, "", fmt.Errorf("%w: it reports failure %d in %d bytes", ErrProtocol, failure, n)
	}
	return failure, string(b[head : head+long]), nil
}

// complete fails if a reply has ended without all that was asked.
func (r *request) complete() error {
	if r.err == nil && (len(r.into) > 0 || r.cmd == cmdStatus && len(r.extents) == 0) {
		return fmt.Errorf("%w: a reply ends before its time", ErrProtocol)
	}
	return nil
}

// end lets the caller of do go on.
func (r *request) end(failure uint32, words string, err error) {
	switch {
	case err != nil:
		r.err = err
	case failure != 0 && r.err == nil:
		r.err = failureOf(failure, words)
	}
	close(r.done)
}

// failureOf returns the error for a failure of the server. The protocol's numbers are those of Linux.
func failureOf(number uint32, words string) error {
	cause := unix.EIO
	switch errno := unix.Errno(number); errno {
	case unix.EPERM, unix.EIO, unix.ENOMEM, unix.EINVAL, unix.ENOSPC, unix.EOVERFLOW, unix.EOPNOTSUPP, unix.ESHUTDOWN:
		cause = errno
	}
	if words == "" {
		return cause
	}
	return &Failure{Words: words, Cause: cause}
}

// A Failure is what a server says about a request that it could not carry out.
type Failure struct {
	Words string // the server's own
	Cause unix.Errno
}

func (f *Failure) Error() string { return fmt.Sprintf("%v (%q)", f.Cause, f.Words) }

// Unwrap returns the number of the error.
func (f *Failure) Unwrap() error { return f.Cause }
