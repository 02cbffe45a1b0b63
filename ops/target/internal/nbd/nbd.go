// Package nbd is a client of the NBD protocol for one disk, on a connection to a server on this machine. It speaks the
// part of the protocol that qemu-storage-daemon has: the fixed newstyle handshake, structured replies and the metadata
// context "base:allocation". The source is doc/proto.md of the NBD project.
//
//	client                               server
//	                                     NBDMAGIC IHAVEOPT flags
//	flags
//	option STRUCTURED_REPLY              ACK
//	option SET_META_CONTEXT              the context's id, ACK
//	option GO                            size and flags of the disk, ACK
//	request: cookie, command, off, n     reply: cookie, chunks, in any order of the requests
//
// Nothing that the server sends is trusted: a reply that breaks the protocol ends the connection, and all calls fail.
package nbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// MaxPayload is how many bytes one request reads or writes at most. Longer calls become several requests.
const MaxPayload = 4 << 20

// maxSpan is how many bytes one request without a payload covers at most, so that one call does not keep the server busy for
// long.
const maxSpan = 256 << 20

var (
	// ErrProtocol is returned for replies that break the protocol.
	ErrProtocol = errors.New("the server breaks the protocol")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("the connection was closed")
)

// A Client reads and writes the disk of a server. Its methods may be called from several goroutines at once. Ranges must lie
// within the disk.
type Client struct {
	conn     net.Conn
	size     int64
	readOnly bool
	canZero  bool
	canFlush bool
	context  uint32 // the id of base:allocation
	hasHoles bool   // the server has that context

	writing sync.Mutex // one request is sent at a time
	mu      sync.Mutex // protects the following
	next    uint64     // the cookie of the next request
	waiting map[uint64]*request
	failed  error // why the connection cannot be used any more
}

// Size returns the length of the disk in bytes.
func (c *Client) Size() int64 { return c.size }

// ReadOnly reports whether the server takes no writes.
func (c *Client) ReadOnly() bool { return c.readOnly }

// Close tells the server that nothing more will come, and ends the connection.
func (c *Client) Close() error {
	c.fail(ErrClosed)
	const patience = time.Second
	timer := time.AfterFunc(patience, func() { _ = c.conn.Close() }) // a server that takes nothing must not hold this up
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.put(header(cmdDisconnect, 0, 0, 0), nil) // it may be gone already
	if err := c.conn.Close(); timer.Stop() && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Commands and their flags.
const (
	cmdRead       = 0
	cmdWrite      = 1
	cmdDisconnect = 2
	cmdFlush      = 3
	cmdZeroes     = 6
	cmdStatus     = 7

	flagNoHole = 1 << 1
)

// ReadAt reads exactly len(p) bytes at off.
func (c *Client) ReadAt(p []byte, off int64) (int, error) {
	for done := 0; done < len(p); {
		part := p[done:min(len(p), done+MaxPayload)]
		r := &request{cmd: cmdRead, off: off + int64(done), n: int64(len(part)), into: part}
		if err := c.do(r, nil); err != nil {
			return done, err
		}
		done += len(part)
	}
	return len(p), nil
}

// WriteAt writes p at off. After an error the range holds any mixture of old and new bytes.
func (c *Client) WriteAt(p []byte, off int64) (int, error) {
	for done := 0; done < len(p); {
		part := p[done:min(len(p), done+MaxPayload)]
		r := &request{cmd: cmdWrite, off: off + int64(done), n: int64(len(part))}
		if err := c.do(r, part); err != nil {
			return done, err
		}
		done += len(part)
	}
	return len(p), nil
}

// Zero makes [off, off+n) read as zero. The server may use the format's own marks for zeros, but never what leaves the old
// bytes readable.
func (c *Client) Zero(off, n int64) error {
	if !c.canZero {
		zeroes := make([]byte, min(n, MaxPayload))
		for end := off + n; off < end; off += int64(len(zeroes)) {
			if _, err := c.WriteAt(zeroes[:min(int64(len(zeroes)), end-off)], off); err != nil {
				return err
			}
		}
		return nil
	}
	for end := off + n; off < end; off += maxSpan {
		r := &request{cmd: cmdZeroes, flags: flagNoHole, off: off, n: min(maxSpan, end-off)}
		if err := c.do(r, nil); err != nil {
			return err
		}
	}
	return nil
}

// Flush returns once all writes that had returned before are on stable storage.
func (c *Client) Flush() error {
	if !c.canFlush {
		return errors.ErrUnsupported
	}
	return c.do(&request{cmd: cmdFlush}, nil)
}

// An Extent is a run of the disk, Len bytes long.
type Extent struct {
	Len  int64
	Zero bool // it reads as zero
}

// Status describes the disk from off on, in runs that together are at least one byte and at most n bytes long.
func (c *Client) Status(off, n int64) ([]Extent, error) {
	if !c.hasHoles {
		return []Extent{{Len: n}}, nil
	}
	const longest = math.MaxUint32 &^ (1<<20 - 1)
	r := &request{cmd: cmdStatus, off: off, n: min(n, longest)}
	err := c.do(r, nil)
	return r.extents, err
}

// A request waits for its reply.
type request struct {
	cmd, flags uint16
	off, n     int64

	into    []byte // of a read: what is still to be filled
	at      int64  // of a read: where that begins
	extents []Extent
	err     error
	done    chan struct{}
}

// do sends a request and waits for its end.
func (c *Client) do(r *request, payload []byte) error {
	r.at, r.done = r.off, make(chan struct{})
	c.mu.Lock()
	if err := c.failed; err != nil {
		c.mu.Unlock()
		return err
	}
	cookie := c.next
	c.next++
	c.waiting[cookie] = r
	c.mu.Unlock()

	head := header(r.cmd, r.flags, r.off, r.n)
	binary.BigEndian.PutUint64(head[8:], cookie)
	c.writing.Lock()
	err := c.put(head, payload)
	c.writing.Unlock()
	if err != nil {
		c.fail(fmt.Errorf("send a request: %w", err))
	}
	<-r.done
	return r.err
}

const requestMagic = 0x25609513

// header returns a request without its cookie.
func header(cmd, flags uint16, off, n int64) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 28), requestMagic)
	b = binary.BigEndian.AppendUint16(b, flags)
	b = binary.BigEndian.AppendUint16(b, cmd)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(off))
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

func (c *Client) put(head, payload []byte) error {
	list := net.Buffers{head}
	if len(payload) > 0 {
		list = append(list, payload)
	}
	_, err := list.WriteTo(c.conn)
	return err
}

// fail ends the connection for all calls, present and later ones. The first reason counts.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the server closed the connection: %w", unix.EPIPE)
	}
	c.failed = err
	for cookie, r := range c.waiting {
		r.err = err
		close(r.done)
		delete(c.waiting, cookie)
	}
	if !errors.Is(err, ErrClosed) {
		_ = c.conn.Close() // nothing more is read, and err says why
	}
}
