package nbd

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
)

// Numbers of the handshake.
const (
	initMagic   = 0x4e42444d41474943 // "NBDMAGIC"
	optMagic    = 0x49484156454f5054 // "IHAVEOPT"
	replyMagic  = 0x3e889045565a9
	fixedStyle  = 1 << 0 // flag of both sides
	noZeroes    = 1 << 1 // flag of both sides
	contextName = "base:allocation"

	optGo          = 7
	optStructured  = 8
	optMetaContext = 10

	repAck         = 1
	repInfo        = 3
	repMetaContext = 4
	repError       = 1 << 31

	infoExport = 0

	flagReadOnly = 1 << 1
	flagFlush    = 1 << 2
	flagZeroes   = 1 << 6
)

// mostText is how long an option's reply may be in bytes. The longest that counts has a name of 4096 bytes.
const mostText = 64 << 10

// New shakes hands with a server, for its default disk. It waits for the server as long as the connection lasts. After an
// error the connection still belongs to the caller.
func New(conn net.Conn) (*Client, error) {
	c := &Client{conn: conn, waiting: map[uint64]*request{}}
	if err := c.shakeHands(); err != nil {
		return nil, err
	}
	go c.receive()
	return c, nil
}

func (c *Client) shakeHands() error {
	var hello struct {
		Init, Opt uint64
		Flags     uint16
	}
	if err := binary.Read(c.conn, binary.BigEndian, &hello); err != nil {
		return err
	}
	if hello.Init != initMagic || hello.Opt != optMagic || hello.Flags&fixedStyle == 0 {
		return fmt.Errorf("%w: it does not begin as an NBD server does", ErrProtocol)
	}
	flags := uint32(hello.Flags & (fixedStyle | noZeroes))
	if err := binary.Write(c.conn, binary.BigEndian, flags); err != nil {
		return err
	}
	if err := c.option(optStructured, nil, nil); err != nil {
		return err
	}
	query := binary.BigEndian.AppendUint32(nil, 0) // the length of the disk's name
	query = binary.BigEndian.AppendUint32(query, 1)
	query = binary.BigEndian.AppendUint32(query, uint32(len(contextName)))
	if err := c.option(optMetaContext, append(query, contextName...), c.takeContext); err != nil {
		return err
	}
	known := false
	err := c.option(optGo, make([]byte, 4+2), func(kind uint32, text []byte) error {
		const export = 2 + 8 + 2
		if kind != repInfo || len(text) < 2 || binary.BigEndian.Uint16(text) != infoExport {
			return nil // other facts do not matter
		}
		if len(text) != export {
			return fmt.Errorf("%w: it describes the disk in %d bytes", ErrProtocol, len(text))
		}
		size, flags := binary.BigEndian.Uint64(text[2:]), binary.BigEndian.Uint16(text[10:])
		if size > math.MaxInt64 {
			return fmt.Errorf("%w: its disk has %d bytes", ErrProtocol, size)
		}
		c.size, known = int64(size), true
		c.readOnly, c.canFlush, c.canZero = flags&flagReadOnly != 0, flags&flagFlush != 0, flags&flagZeroes != 0
		return nil
	})
	if err == nil && !known {
		err = fmt.Errorf("%w: it does not say how long the disk is", ErrProtocol)
	}
	return err
}

// takeContext takes the id of base:allocation.
func (c *Client) takeContext(kind uint32, text []byte) error {
	if kind == repMetaContext && len(text) >= 4 && string(text[4:]) == contextName {
		c.context, c.hasHoles = binary.BigEndian.Uint32(text), true
	}
	return nil
}

// option sends an option and takes its replies until the last.
func (c *Client) option(opt uint32, data []byte, take func(kind uint32, text []byte) error) error {
	b := binary.BigEndian.AppendUint64(nil, optMagic)
	b = binary.BigEndian.AppendUint32(b, opt)
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	if _, err := c.conn.Write(append(b, data...)); err != nil {
		return err
	}
	const mostReplies = 64
	for range mostReplies {
		var r struct {
			Magic          uint64
			Opt, Kind, Len uint32
		}
		if err := binary.Read(c.conn, binary.BigEndian, &r); err != nil {
			return err
		}
		if r.Magic != replyMagic || r.Opt != opt || r.Len > mostText {
			return fmt.Errorf("%w: its answer to option %d cannot be read", ErrProtocol, opt)
		}
		text := make([]byte, r.Len)
		if _, err := io.ReadFull(c.conn, text); err != nil {
			return err
		}
		switch {
		case r.Kind&repError != 0:
			return fmt.Errorf("%w: it refuses option %d (error %#x): %q", ErrProtocol, opt, r.Kind, text)
		case r.Kind == repAck:
			return nil
		case take != nil:
			if err := take(r.Kind, text); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%w: its answer to option %d does not end", ErrProtocol, opt)
}
