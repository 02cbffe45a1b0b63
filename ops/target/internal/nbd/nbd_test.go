package nbd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// A peer is a server that a test scripts. The bytes are those of the protocol's document.
type peer struct {
	t    testing.TB
	conn net.Conn
}

func (p peer) put(fields ...any) {
	p.t.Helper()
	for _, f := range fields {
		var err error
		if text, ok := f.(string); ok {
			if text == "" {
				continue // a pipe would wait for a reader
			}
			_, err = io.WriteString(p.conn, text)
		} else {
			err = binary.Write(p.conn, binary.BigEndian, f)
		}
		if err != nil {
			return // the client has gone, which the test sees at its end
		}
	}
}

func (p peer) take(n int) []byte {
	b := make([]byte, n)
	_, _ = io.ReadFull(p.conn, b) // zeros after an error
	return b
}

// hello is a handshake as qemu-storage-daemon has it, up to the last option.
func (p peer) hello() {
	p.put("NBDMAGICIHAVEOPT", uint16(3))
	p.take(4)
	p.option(8)
	p.answer(8, 1, "")
	p.option(10)
	p.answer(10, 4, "\x00\x00\x00\x07base:allocation")
	p.answer(10, 1, "")
	p.option(7)
}

func (p peer) option(want uint32) {
	head := p.take(16)
	if string(head[:8]) != "IHAVEOPT" || binary.BigEndian.Uint32(head[8:]) != want {
		p.t.Errorf("option %x, want %d", head, want)
	}
	p.take(int(binary.BigEndian.Uint32(head[12:])))
}

func (p peer) answer(opt, kind uint32, text string) {
	p.put(uint64(0x3e889045565a9), opt, kind, uint32(len(text)), text)
}

// export says how long the disk is.
func (p peer) export(size uint64, flags uint16) {
	p.put(uint64(0x3e889045565a9), uint32(7), uint32(3), uint32(12), uint16(0), size, flags)
	p.answer(7, 1, "")
}

// request takes a request and returns its command, cookie, offset and length.
func (p peer) request() (cmd uint16, cookie, off uint64, n uint32) {
	b := p.take(28)
	return binary.BigEndian.Uint16(b[6:]), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:]), binary.BigEndian.Uint32(b[24:])
}

// chunk sends a chunk of a reply.
func (p peer) chunk(flags, kind uint16, cookie uint64, text string) {
	p.put(uint32(0x668e33ef), flags, kind, cookie, uint32(len(text)), text)
}

func be(fields ...any) string {
	var b bytes.Buffer
	for _, f := range fields {
		_ = binary.Write(&b, binary.BigEndian, f) // into memory
	}
	return b.String()
}

// serving runs a script as the server of a client.
func serving(t testing.TB, script func(p peer)) (c *Client, err error) {
	t.Helper()
	ours, theirs := net.Pipe()
	var done sync.WaitGroup
	done.Go(func() {
		script(peer{t, theirs})
		_ = theirs.Close()
	})
	t.Cleanup(func() {
		_ = ours.Close()
		_ = theirs.Close()
		done.Wait()
	})
	return New(ours)
}

const canAll = 1<<0 | 1<<2 | 1<<6 // it has flags, flushes and writes zeroes

func TestRequests(t *testing.T) {
	c, err := serving(t, func(p peer) {
		p.hello()
		p.export(1<<40, canAll)
		// Two reads are answered in the other order, one of them in pieces.
		_, first, off1, _ := p.request()
		_, second, off2, _ := p.request()
		p.chunk(0, 1, second, be(off2)+"ab")
		p.chunk(0, 1, first, be(off1)+"1")
		p.chunk(0, 2, second, be(off2+2, uint32(3)))
		p.chunk(1, 1, second, be(off2+5)+"c")
		p.chunk(1, 1, first, be(off1+1)+"23456")

		_, cookie, _, n := p.request()
		if got := p.take(int(n)); string(got) != "written" {
			p.t.Errorf("it wrote %q", got)
		}
		p.put(uint32(0x67446698), uint32(0), cookie)
		cmd, cookie, off, n := p.request()
		if cmd != 6 || off != 4096 || n != 8192 {
			p.t.Errorf("command %d at %d, %d bytes", cmd, off, n)
		}
		p.chunk(1, 0, cookie, "")
		_, cookie, _, _ = p.request()
		p.chunk(1, 1<<15+1, cookie, be(uint32(28), uint16(4))+"full") // ENOSPC
		_, cookie, off, _ = p.request()
		p.chunk(1, 5, cookie, be(uint32(7), uint32(4096), uint32(0), uint32(1<<31), uint32(3)))
		_, cookie, _, _ = p.request()
		p.chunk(1, 1<<15+2, cookie, be(uint32(5), uint16(0), off))
		p.request()
	})
	if err != nil || c.Size() != 1<<40 || c.ReadOnly() {
		t.Fatalf("%v", err)
	}
	var both sync.WaitGroup
	for _, want := range []string{"123456", "ab\x00\x00\x00c"} {
		both.Go(func() {
			got := make([]byte, 6)
			if n, err := c.ReadAt(got, 512); n != 6 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			if s := string(got); s != want && s != "123456" && s != "ab\x00\x00\x00c" {
				t.Errorf("%q", got)
			}
		})
	}
	both.Wait()
	if n, err := c.WriteAt([]byte("written"), 3); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if err := c.Zero(4096, 8192); err != nil {
		t.Error(err)
	}
	if err := c.Flush(); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "full") {
		t.Error(err)
	}
	list, err := c.Status(0, 8192)
	if err != nil || len(list) != 2 || list[0] != (Extent{4096, false}) || list[1] != (Extent{4096, true}) {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := c.ReadAt(make([]byte, 1), 0); !errors.Is(err, unix.EIO) {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Flush(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestHandshakeRefuses ends handshakes that are not as they must be.
func TestHandshakeRefuses(t *testing.T) {
	for name, script := range map[string]func(p peer){
		"nothing":       func(peer) {},
		"another":       func(p peer) { p.put("SSH-2.0-OpenSSH_9.2p1\r\n") },
		"old style":     func(p peer) { p.put("NBDMAGICIHAVEOPT", uint16(0)) },
		"no chunks":     func(p peer) { p.put("NBDMAGICIHAVEOPT", uint16(3)); p.take(4); p.option(8); p.answer(8, 1<<31+1, "no") },
		"another reply": func(p peer) { p.put("NBDMAGICIHAVEOPT", uint16(3)); p.take(4); p.option(8); p.answer(9, 1, "") },
		"a long reply": func(p peer) {
			p.put("NBDMAGICIHAVEOPT", uint16(3))
			p.take(4)
			p.option(8)
			p.put(uint64(0x3e889045565a9), uint32(8), uint32(1), uint32(1<<31))
		},
		"no size":      func(p peer) { p.hello(); p.answer(7, 1, "") },
		"a size below": func(p peer) { p.hello(); p.export(1<<63, 0) },
		"a short fact": func(p peer) { p.hello(); p.answer(7, 3, "\x00\x00\x00") },
		"no end": func(p peer) {
			p.hello()
			for range 100 {
				p.answer(7, 3, "\x00\x01")
			}
		},
	} {
		if _, err := serving(t, script); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestRepliesRefused ends connections whose replies break the protocol. Nothing is read into memory that was not asked for.
func TestRepliesRefused(t *testing.T) {
	for name, reply := range map[string]func(p peer, cookie, off uint64){
		"no reply":       func(peer, uint64, uint64) {},
		"another magic":  func(p peer, _, _ uint64) { p.put(uint32(1), make([]byte, 16)) },
		"another cookie": func(p peer, cookie, off uint64) { p.chunk(1, 1, cookie+1, be(off)+"12345678") },
		"a simple one":   func(p peer, cookie, _ uint64) { p.put(uint32(0x67446698), uint32(0), cookie, "12345678") },
		"too little":     func(p peer, cookie, off uint64) { p.chunk(1, 1, cookie, be(off)+"1234567") },
		"too much":       func(p peer, cookie, off uint64) { p.chunk(1, 1, cookie, be(off)+"123456789") },
		"very much": func(p peer, cookie, off uint64) {
			p.put(uint32(0x668e33ef), uint16(1), uint16(1), cookie, ^uint32(0), off)
		},
		"another place": func(p peer, cookie, off uint64) { p.chunk(1, 1, cookie, be(off+1)+"12345678") },
		"twice": func(p peer, cookie, off uint64) {
			p.chunk(0, 1, cookie, be(off)+"1234")
			p.chunk(1, 1, cookie, be(off)+"1234")
		},
		"a long hole":      func(p peer, cookie, off uint64) { p.chunk(1, 2, cookie, be(off, uint32(9))) },
		"an empty hole":    func(p peer, cookie, off uint64) { p.chunk(0, 2, cookie, be(off, uint32(0))) },
		"a map":            func(p peer, cookie, _ uint64) { p.chunk(1, 5, cookie, be(uint32(7), uint32(8), uint32(0))) },
		"nothing in it":    func(p peer, cookie, _ uint64) { p.chunk(1, 0, cookie, "") },
		"a short error":    func(p peer, cookie, _ uint64) { p.chunk(1, 1<<15+1, cookie, "\x00\x00") },
		"an error of none": func(p peer, cookie, _ uint64) { p.chunk(1, 1<<15+1, cookie, be(uint32(0), uint16(0))) },
		"a long error":     func(p peer, cookie, _ uint64) { p.chunk(1, 1<<15+1, cookie, be(uint32(5), uint16(9))+"1") },
		"cut": func(p peer, cookie, off uint64) {
			p.put(uint32(0x668e33ef), uint16(1), uint16(1), cookie, uint32(16), off, "1234")
		},
	} {
		c, err := serving(t, func(p peer) {
			p.hello()
			p.export(1<<20, canAll)
			_, cookie, off, _ := p.request()
			reply(p, cookie, off)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ReadAt(make([]byte, 8), 4096); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if err := c.Flush(); err == nil {
			t.Errorf("%s: the connection goes on", name)
		}
	}
}

// TestStatusRefused does the same to maps of the disk.
func TestStatusRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no run": be(uint32(7)), "of another": be(uint32(8), uint32(8), uint32(0)), "cut": be(uint32(7), uint32(8)),
		"without length": be(uint32(7), uint32(0), uint32(0)),
	} {
		c, err := serving(t, func(p peer) {
			p.hello()
			p.export(1<<20, canAll)
			_, cookie, _, _ := p.request()
			p.chunk(1, 5, cookie, text)
		})
		if err != nil {
			t.Fatal(err)
		}
		if list, err := c.Status(0, 4096); err == nil {
			t.Errorf("%s: accepted as %v", name, list)
		}
	}
}

// FuzzReplies sends any bytes to a client that has asked for something.
func FuzzReplies(f *testing.F) {
	f.Add([]byte(be(uint32(0x668e33ef), uint16(1), uint16(1), uint64(0), uint32(16), uint64(0)) + "12345678"))
	f.Add([]byte(be(uint32(0x67446698), uint32(5), uint64(1))))
	f.Add([]byte(be(uint32(0x668e33ef), uint16(1), uint16(5), uint64(1), uint32(12), uint32(7), uint32(512), uint32(2))))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &Client{size: 1 << 20, canFlush: true, hasHoles: true, context: 7, waiting: map[uint64]*request{}}
		ours, theirs := net.Pipe()
		defer func() { _, _ = ours.Close(), theirs.Close() }()
		c.conn = ours
		read := &request{cmd: cmdRead, n: 8, into: make([]byte, 8), done: make(chan struct{})}
		status := &request{cmd: cmdStatus, n: 4096, done: make(chan struct{})}
		c.waiting[0], c.waiting[1] = read, status
		in := bytes.NewReader(data)
		for {
			if err := c.reply(in); err != nil {
				c.fail(err)
				break
			}
		}
		<-read.done
		<-status.done
		var covered int64
		for _, e := range status.extents {
			covered += e.Len
		}
		if read.err == nil && len(read.into) > 0 || covered > status.n || status.err == nil && covered == 0 {
			t.Errorf("%d bytes left, %d covered", len(read.into), covered)
		}
	})
}
