package extract

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"shunt/ops/fsys"
	"shunt/ops/report"
)

// Wish says what to read.
type Wish struct {
	// Path is the exact path from the root of the file system. Links in it are followed inside the file system.
	Path string
	// File asks for the content of a regular file. If Path leads to a link, that is followed too. Otherwise whatever is there
	// is sent, with everything below it.
	File bool
}

// mostDepth limits how deep directories may lie in each other.
const mostDepth = 500

// Send reads what the wish asks for and writes the stream to w. Only errors of w are returned.
func Send(ctx context.Context, src fsys.Files, wish Wish, w io.Writer) error {
	d, out := fsys.Of(src.Kind), stream{w}
	var last Ending
	if d.Doubt != nil {
		if doubt := d.Doubt(src); !doubt.OK() {
			last.Notes = []string{string(doubt)}
		}
	}
	c, err := d.Contents(ctx, src)
	if err == nil {
		var gone errPipe
		err = send(ctx, c, wish, out)
		if errors.As(err, &gone) {
			return errors.Join(gone.error, c.Close())
		}
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		last.What, last.Why = obstacle(err), err.Error()
	}
	return out.json(pieceLast, last)
}

// SendFailure writes a stream that says why nothing could be read.
func SendFailure(w io.Writer, err error) error {
	return stream{w}.json(pieceLast, Ending{What: Other, Why: err.Error()})
}

// send sends all but the last piece. Errors of the stream are an errPipe.
func send(ctx context.Context, c fsys.Contents, wish Wish, out stream) error {
	n, err := resolve(ctx, c, wish.Path, wish.File)
	if err == nil && wish.File {
		err = onlyFile(n)
	}
	if err == nil {
		n, err = fsys.Full(ctx, c, n)
	}
	if err != nil {
		return err
	}
	n.Name = ""
	s := &sender{c: c, out: out, seen: map[uint64]bool{}, buf: make([]byte, mostPiece)}
	if err := s.send(ctx, n, 0); err != nil {
		return errPipe{err}
	}
	return nil
}

// obstacle says what kind of error kept a path from being read.
func obstacle(err error) What {
	var known *Error
	switch {
	case errors.As(err, &known):
		return known.What
	case errors.Is(err, fsys.ErrNoFile), errors.Is(err, fsys.ErrNotDirectory):
		return Missing
	}
	return Other
}

// onlyFile returns an error unless a node is a regular file.
func onlyFile(n fsys.Node) error {
	switch n.Kind {
	case report.FileRegular:
		return nil
	case report.FileDirectory:
		return &Error{Directory, "it is a directory"}
	case report.FileSymlink:
		return &Error{Other, "it is a link, and it is not known where it leads: " + n.NoTarget}
	case report.FileOther:
	}
	return &Error{Special, "it is " + fsys.SpecialName(n.Mode) + ", which has no content"}
}

type sender struct {
	c    fsys.Contents
	out  stream
	seen map[uint64]bool // directories that were sent
	buf  []byte
}

// send sends a file or directory and everything below it.
func (s *sender) send(ctx context.Context, n fsys.Node, depth int) error {
	e := Entry{
		Name: []byte(n.Name), Kind: n.Kind, Mode: n.Mode, Owned: n.Owned, UID: n.UID, GID: n.GID, Size: n.Size,
		Target: []byte(n.Target), NoTarget: n.NoTarget, Modified: n.Modified, Accessed: n.Accessed,
		Attributes: n.Attributes, Shared: n.Links > 1 && n.Kind == report.FileRegular,
	}
	switch n.Kind {
	case report.FileRegular:
		return s.file(ctx, n, e)
	case report.FileDirectory:
		switch {
		case s.seen[n.ID]:
			return s.fault(n.Name, errors.New("this directory has two names: the file system is damaged, check it first"), false)
		case depth >= mostDepth:
			return s.fault(n.Name, fmt.Errorf("it lies more than %d directories deep", mostDepth), false)
		}
		s.seen[n.ID] = true
		if err := s.out.json(pieceEntry, e); err != nil {
			return err
		}
		if err := s.below(ctx, n, depth); err != nil {
			return err
		}
		return s.out.piece(pieceEnd)
	case report.FileSymlink, report.FileOther:
	}
	return s.out.json(pieceEntry, e)
}

// errPipe wraps an error of the stream, to tell it from errors of the file system.
type errPipe struct{ error }

// below sends what lies in a directory.
func (s *sender) below(ctx context.Context, dir fsys.Node, depth int) error {
	err := s.c.Entries(ctx, dir, func(n fsys.Node) error {
		full, err := fsys.Full(ctx, s.c, n)
		if err != nil {
			err = s.fault(n.Name, err, false)
		} else {
			err = s.send(ctx, full, depth+1)
		}
		if err != nil {
			return errPipe{err}
		}
		return nil
	})
	if gone, ok := errors.AsType[errPipe](err); ok {
		return gone.error
	}
	if err != nil {
		return s.fault("", err, false)
	}
	return nil
}

func (s *sender) fault(name string, err error, open bool) error {
	return s.out.json(pieceFault, Fault{[]byte(name), err.Error(), open})
}

// file sends a regular file.
func (s *sender) file(ctx context.Context, n fsys.Node, e Entry) (err error) {
	content, err := s.c.Open(ctx, n)
	if err != nil {
		return s.fault(n.Name, err, false)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	e.Size = content.Size()
	if err := s.out.json(pieceEntry, e); err != nil {
		return err
	}
	for off := int64(0); off < e.Size; {
		from, to, err := content.Data(off)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || from < off || to < from || to == off {
			return s.fault("", errors.Join(err, ctx.Err()), true)
		}
		if from > off {
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], uint64(min(from, e.Size)-off))
			if err := s.out.piece(pieceHole, b[:]); err != nil {
				return err
			}
		}
		for off = from; off < min(to, e.Size); {
			b := s.buf[:min(int64(len(s.buf)), to-off, e.Size-off)]
			k, err := content.ReadAt(b, off)
			if k < len(b) {
				return s.fault("", fmt.Errorf("at byte %d: %w", off+int64(k), short(err)), true)
			}
			if err := s.out.piece(pieceData, b); err != nil {
				return err
			}
			off += int64(k)
		}
	}
	return s.out.piece(pieceEnd)
}

// short returns the error of a read that was too short.
func short(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}
