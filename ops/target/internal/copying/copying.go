// Package copying reads a disk piece by piece, with several goroutines, for the drivers that write it into a new image.
package copying

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"shunt/ops/target"
)

// A Job says what is done with each piece.
type Job struct {
	// Unit is what pieces are aligned to, a power of two; 0 for any. A piece is several units long.
	Unit int64
	// Make turns the bytes of a piece into what Put needs, in several goroutines at once. It may be nil.
	Make func(off int64, p []byte) (any, error)
	// Heavy says that Make takes far longer than copying the bytes.
	Heavy bool
	// Put writes a piece. It is called for one piece after another, in their order on the disk. p is only valid until it returns.
	Put func(off int64, p []byte, made any) error
}

const (
	most  = 1 << 20 // the length of a piece in bytes, unless a unit is longer
	ahead = 32      // pieces that are read before they can be written; on a busy machine each wait is long
)

// A piece is a part of the disk on its way.
type piece struct {
	off  int64
	p    []byte
	made any
	err  error
	done chan struct{}
}

// Pieces reads all that may not be zero of n.Content, and hands it to the job. It calls n.Watch. It ends at the first error.
func Pieces(ctx context.Context, n target.New, job Job) error {
	if !job.Heavy && !n.Heavy {
		return inOrder(ctx, n, job)
	}
	return atOnce(ctx, n, job)
}

// inOrder reads and writes one piece after another, while it is in the processor's cache. Handing it to another goroutine
// takes longer than copying it, most of all on a busy machine.
func inOrder(ctx context.Context, n target.New, job Job) error {
	unit := max(job.Unit, 1)
	b := make([]byte, max(most, unit))
	return cut(ctx, n, unit, func(off, length int64) error {
		p := piece{off: off, p: b[:length], done: make(chan struct{})}
		if p.read(n.Content, job); p.err != nil {
			return p.err
		}
		if err := job.Put(off, p.p, p.made); err != nil {
			return err
		}
		n.Done(off + length)
		return nil
	})
}

// atOnce reads pieces and calls Make with several goroutines.
func atOnce(ctx context.Context, n target.New, job Job) error {
	workers := runtime.GOMAXPROCS(0)
	todo, order := make(chan *piece, ahead), make(chan *piece, ahead)
	free := make(chan []byte, 2*ahead) // buffers that are not in use
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(todo)
		defer close(order)
		return cut(ctx, n, max(job.Unit, 1), func(off, length int64) error {
			var b []byte
			select {
			case b = <-free:
			default:
				b = make([]byte, max(most, job.Unit))
			}
			p := &piece{off: off, p: b[:length], done: make(chan struct{})}
			select {
			case order <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case todo <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	for range workers {
		group.Go(func() error {
			for p := range todo {
				p.read(n.Content, job)
			}
			return nil
		})
	}
	group.Go(func() error { return put(ctx, n, job, order, free) })
	return group.Wait()
}

// read fills a piece.
func (p *piece) read(from target.Content, job Job) {
	defer close(p.done)
	if _, p.err = from.ReadAt(p.p, p.off); p.err == nil && job.Make != nil {
		p.made, p.err = job.Make(p.off, p.p)
	}
}

// put hands over the pieces in their order.
func put(ctx context.Context, n target.New, job Job, order <-chan *piece, free chan<- []byte) error {
	for p := range order {
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if p.err != nil {
			return p.err
		}
		if err := job.Put(p.off, p.p, p.made); err != nil {
			return err
		}
		n.Done(p.off + int64(len(p.p)))
		select {
		case free <- p.p[:cap(p.p)]:
		default:
		}
	}
	return ctx.Err()
}

// cut divides what may not be zero into pieces, whose ends are multiples of the unit or the end of the disk.
func cut(ctx context.Context, n target.New, unit int64, do func(off, length int64) error) error {
	size, long := n.Content.Size(), max(most, unit)
	for at := int64(0); at < size; {
		start, end, err := n.Content.Data(at)
		if err != nil {
			return err
		}
		start = max(start/unit*unit, at)
		end = min((end+unit-1)/unit*unit, size)
		for at = start; at < end; {
			length := min(long-at%long, end-at)
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(at, length); err != nil {
				return err
			}
			at += length
		}
	}
	return nil
}
