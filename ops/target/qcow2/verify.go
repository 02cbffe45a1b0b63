package qcow2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"shunt/ops/target"
)

// A switched is the file of an image with another first sector.
type switched struct {
	Store
	sector []byte
}

func (s switched) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.Store.ReadAt(p, off)
	if off < sectorLen {
		copy(p, s.sector[off:])
	}
	return n, err
}

// verify opens the image as it will be and follows all its references, before anything depends on them. With content set
// it also compares what was written with what it should be. It returns what the walk found.
func (e *Edit) verify(ctx context.Context, file Store, content bool) (*Check, error) {
	const report = "; nothing was changed, please report this"
	im, err := Open(switched{file, e.sector[:]}, e.below)
	if err != nil {
		return nil, fmt.Errorf("internal error: the new disk cannot be opened: %w"+report, err)
	}
	check, err := im.Walk(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("internal error: the new disk cannot be followed: %w"+report, err)
	case check.Copied.Count > 0 && len(im.Snapshots) == 0:
		return nil, &Refused{
			Why: "uses one cluster for two places of its disk, which this change cannot take apart",
			Do:  "nothing was changed; make an image in order with `qemu-img convert`",
		}
	case !check.Clean() || check.Leaks.Count > e.check.Leaks.Count || im.Size() != e.size:
		return nil, errors.New("internal error: the counts of the new disk are wrong" + report)
	case content:
		err = e.compare(ctx, im)
	}
	return check, err
}

// compare compares what was written for the new disk with what it should be.
func (e *Edit) compare(ctx context.Context, im *Image) error {
	for p := range e.plan.Pieces {
		if p.Kind != target.Write && p.Kind != target.Move && !e.rebases() {
			continue
		}
		if err := sameContent(ctx, io.NewSectionReader(im, p.Off, p.Len), io.NewSectionReader(e.plan.Content, p.Off, p.Len)); err != nil {
			return fmt.Errorf("disk byte %d: %w", p.Off, err)
		}
	}
	return nil
}

var errDiffers = errors.New("the new content reads back different from what was written; the storage may be failing; nothing was changed")

func sameContent(ctx context.Context, got, want io.Reader) error {
	const chunk = 1 << 20
	a, b := make([]byte, chunk), make([]byte, chunk)
	for {
		n, err := io.ReadFull(want, b)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return err
		}
		if n == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(got, a[:n]); err != nil {
			return err
		}
		if !bytes.Equal(a[:n], b[:n]) {
			return errDiffers
		}
	}
}
