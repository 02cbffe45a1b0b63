package filefs

import (
	"container/list"
	"context"
	"errors"
	"iter"
	"sync"
	"syscall"

	gofs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"shunt/ops/fsys"
)

// mostKept is how many entries of directories are kept in memory, all together. An entry takes about 300 bytes.
const mostKept = 200_000

// lists keeps the entries of the directories that were used last, since to find a file means to read its directory.
type lists struct {
	mu    sync.Mutex
	most  int
	kept  int
	order *list.List // of *listed, the one used last in front
	byID  map[uint64]*list.Element
}

// listed are the entries of a directory.
type listed struct {
	id     uint64
	nodes  []fsys.Node
	byName map[string]int
	err    error // what lies behind them could not be read
}

func newLists(most int) *lists {
	return &lists{most: most, order: list.New(), byID: map[uint64]*list.Element{}}
}

func (l *lists) get(id uint64) *listed {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.byID[id]
	if !ok {
		return nil
	}
	l.order.MoveToFront(e)
	found, _ := e.Value.(*listed)
	return found
}

// put keeps a directory, and drops others for it.
func (l *lists) put(d *listed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.byID[d.id]; ok {
		return
	}
	l.byID[d.id] = l.order.PushFront(d)
	for l.kept += len(d.nodes) + 1; l.kept > l.most && l.order.Len() > 1; {
		e := l.order.Back()
		old, _ := l.order.Remove(e).(*listed)
		delete(l.byID, old.id)
		l.kept -= len(old.nodes) + 1
	}
}

var errMany = errors.New("more entries than are kept")

// read returns the entries of a directory that can have a name, each name once. It is nil if they are too many to be kept.
func (v *volume) read(ctx context.Context, dir fsys.Node) *listed {
	if d := v.lists.get(dir.ID); d != nil {
		return d
	}
	d := &listed{id: dir.ID, byName: map[string]int{}}
	d.err = v.c.Entries(ctx, dir, func(n fsys.Node) error {
		if _, twice := d.byName[n.Name]; twice || !nameable(n.Name) {
			return nil
		}
		if len(d.nodes) == v.lists.most {
			return errMany
		}
		d.byName[n.Name] = len(d.nodes)
		d.nodes = append(d.nodes, n)
		return nil
	})
	switch {
	case errors.Is(d.err, errMany):
		return nil
	case ctx.Err() == nil:
		v.lists.put(d)
	}
	return d
}

// list returns the entries of a directory. whole is false if they are too many. After an error they are those before it.
func (v *volume) list(ctx context.Context, dir fsys.Node) (nodes []fsys.Node, whole bool, err error) {
	d := v.read(ctx, dir)
	if d == nil {
		return nil, false, nil
	}
	return d.nodes, true, d.err
}

// find looks for a name in a directory.
func (v *volume) find(ctx context.Context, dir fsys.Node, name string) (fsys.Node, error) {
	if d := v.read(ctx, dir); d != nil {
		if i, ok := d.byName[name]; ok {
			return d.nodes[i], nil
		}
	}
	return v.c.Find(ctx, dir, name)
}

// stream reads a directory with more entries than are kept, while the kernel asks for them.
func (v *volume) stream(ctx context.Context, dir fsys.Node, first []fuse.DirEntry) gofs.DirStream {
	ctx = context.WithoutCancel(ctx)
	s := &streamed{}
	next, stop := iter.Pull(func(yield func(fuse.DirEntry) bool) {
		for _, e := range first {
			if !yield(e) {
				return
			}
		}
		err := v.c.Entries(ctx, dir, func(n fsys.Node) error {
			if nameable(n.Name) && !yield(entry(n)) {
				return errMany
			}
			return nil
		})
		if err != nil && !errors.Is(err, errMany) {
			s.err = errno(err)
		}
	})
	s.next, s.stop = next, stop
	s.more()
	return s
}

// streamed is a directory that is being read.
type streamed struct {
	next func() (fuse.DirEntry, bool)
	stop func()
	at   fuse.DirEntry
	ok   bool
	err  syscall.Errno
}

func (s *streamed) more() { s.at, s.ok = s.next() }

// HasNext implements gofs.DirStream.
func (s *streamed) HasNext() bool { return s.ok || s.err != 0 }

// Next implements gofs.DirStream.
func (s *streamed) Next() (fuse.DirEntry, syscall.Errno) {
	if !s.ok {
		err := s.err
		s.err = 0
		return fuse.DirEntry{}, err
	}
	e := s.at
	s.more()
	return e, 0
}

// Close implements gofs.DirStream.
func (s *streamed) Close() { s.stop() }

// partly is a list of entries with an error behind them.
type partly struct {
	gofs.DirStream
	err syscall.Errno
}

// HasNext implements gofs.DirStream.
func (p *partly) HasNext() bool { return p.DirStream.HasNext() || p.err != 0 }

// Next implements gofs.DirStream.
func (p *partly) Next() (fuse.DirEntry, syscall.Errno) {
	if !p.DirStream.HasNext() {
		err := p.err
		p.err = 0
		return fuse.DirEntry{}, err
	}
	return p.DirStream.Next()
}
