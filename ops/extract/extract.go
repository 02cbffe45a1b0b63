// Package extract copies files out of a file system in an image to the host.
//
// A process with limits, the worker, reads the file system (Send) and writes a stream of pieces to a pipe. The process of
// the user reads that stream (Receive) and makes files (Tree) or prints one. So the reader of hostile bytes cannot write
// a file, and the writer of files reads no hostile bytes but the stream, in which every piece has a size limit.
//
// The stream is a list of pieces: a kind (1 byte), the length of what follows (4 bytes, little-endian), and that. A regular
// file is an entry, then data and holes in their order, then its end. A directory is an entry, then what is in it, then its
// end. All else is an entry alone. What cannot be read is a failure; then it has no end, and the next piece is the next
// entry. The last piece of a stream says how the reading ended.
//
// Invariants: no name and no link in the image leads to a file of the host (Tree). No file has its name on the host
// before all of its content is there.
package extract

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"shunt/ops/report"
)

// kind is the kind of a piece.
type kind byte

const (
	pieceEntry kind = 'e' // an Entry as JSON
	pieceData  kind = 'd' // content of the file
	pieceHole  kind = 'h' // 8 bytes: how many zeros come next in the file
	pieceEnd   kind = 'z' // the file or directory is complete
	pieceFault kind = 'f' // a Fault as JSON
	pieceLast  kind = '.' // an Ending as JSON
)

// mostPiece is the largest piece in bytes.
const mostPiece = 1 << 20

// An Entry is a file, directory or link in the stream.
type Entry struct {
	Name   []byte // exact; empty for the first entry
	Kind   report.FileKind
	Mode   uint32 // as st_mode
	Owned  bool   // the file system stores modes and owners
	UID    uint32
	GID    uint32
	Size   int64
	Target []byte // of a link
	// NoTarget is the reason why the target is not known.
	NoTarget           string
	Modified, Accessed time.Time
	// Attributes says that it has extended attributes, and Shared that it has other names too. Neither is copied.
	Attributes, Shared bool
}

// A Fault says why something could not be read.
type Fault struct {
	Name []byte // in the directory at hand; empty for the directory or file itself
	Why  string
	// Open says that a file with an entry is cut off by it.
	Open bool
}

// An Ending is the last piece.
type Ending struct {
	// Why says what went wrong with the whole reading, "" if nothing did.
	Why string
	// What says how, for the advice to give.
	What What
	// Notes are reasons to doubt what was read. They are printable.
	Notes []string
}

// What is the kind of an obstacle.
type What string

// Obstacles to reading a path.
const (
	Missing   What = "missing"   // there is nothing at the path
	Directory What = "directory" // it is a directory, and a file is needed
	Special   What = "special"   // it is a device, pipe or socket
	Other     What = "other"
)

// An Error is why a path could not be read.
type Error struct {
	What What
	Why  string
}

func (e *Error) Error() string { return e.Why }

type stream struct{ w io.Writer }

func (s stream) piece(k kind, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	head := binary.LittleEndian.AppendUint32([]byte{byte(k)}, uint32(n))
	if _, err := s.w.Write(head); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := s.w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

func (s stream) json(k kind, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.piece(k, b)
}

// A Handler takes what a stream holds. An error ends the receiving.
type Handler interface {
	// Enter takes an entry. Data, Hole and Leave are for the file entered last, or the directory that is still open.
	Enter(e Entry) error
	Data(b []byte) error
	Hole(n int64) error
	Leave() error
	// Fault takes what could not be read. If f.Open is set, the file entered last is not complete.
	Fault(f Fault) error
}

// ErrCutOff is returned if a stream ends before its last piece.
var ErrCutOff = errors.New("the reader ended before it was done")

// Receive passes the pieces of a stream to h. The error is an *Error if the reader gave up, and wraps ErrCutOff if the
// stream is cut off. Any other error is one of h. notes are reasons to doubt what was read.
func Receive(r io.Reader, h Handler) (notes []string, err error) {
	var head [5]byte
	buf := make([]byte, mostPiece)
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCutOff, err)
		}
		n := binary.LittleEndian.Uint32(head[1:])
		if n > mostPiece {
			return nil, fmt.Errorf("%w: a piece of its stream is too long", ErrCutOff)
		}
		b := buf[:n]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCutOff, err)
		}
		if kind(head[0]) == pieceLast {
			return end(b)
		}
		if err := take(kind(head[0]), b, h); err != nil {
			return nil, err
		}
	}
}

// end reads the last piece.
func end(b []byte) (notes []string, err error) {
	var e Ending
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCutOff, err)
	}
	if e.What != "" {
		err = &Error{e.What, e.Why}
	}
	return e.Notes, err
}

// take passes one piece to h.
func take(k kind, b []byte, h Handler) error {
	switch k {
	case pieceEntry:
		var e Entry
		if err := json.Unmarshal(b, &e); err != nil {
			return fmt.Errorf("%w: %w", ErrCutOff, err)
		}
		return h.Enter(e)
	case pieceData:
		return h.Data(b)
	case pieceHole:
		if len(b) != 8 || int64(binary.LittleEndian.Uint64(b)) < 0 {
			return fmt.Errorf("%w: a hole in its stream is too long", ErrCutOff)
		}
		return h.Hole(int64(binary.LittleEndian.Uint64(b)))
	case pieceEnd:
		return h.Leave()
	case pieceFault:
		var f Fault
		if err := json.Unmarshal(b, &f); err != nil {
			return fmt.Errorf("%w: %w", ErrCutOff, err)
		}
		return h.Fault(f)
	case pieceLast:
	}
	return fmt.Errorf("%w: its stream has a piece of an unknown kind", ErrCutOff)
}
