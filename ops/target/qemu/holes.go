package qemu

import (
	"bytes"
	"sync"
	"sync/atomic"

	"shunt/model/tried"
	"shunt/ops/target/internal/nbd"
)

// Data implements target.Device.
func (f *file) Data(off int64) (start, end int64, err error) {
	size := f.Size()
	if err := f.Within("look for data in", off, 0); err != nil {
		return 0, 0, err
	}
	if known, ok := f.runs.at(off); ok {
		return known[0], known[1], nil
	}
	version := f.runs.version.Load()
	for start = off; start < size; start = end {
		if start, end, err = f.allocated(start); err == nil && start < size {
			start, end, err = f.inner(start, end)
		}
		if err != nil {
			return start, end, err
		}
		if start < end || start == size {
			break
		}
	}
	f.runs.note(off, start, end, version)
	return start, end, nil
}

// runs remembers the answers of Data until the next change.
type runs struct {
	version atomic.Int64 // the number of changes
	mu      sync.Mutex
	of      int64 // the version of known
	known   map[int64][2]int64
}

func (r *runs) at(off int64) (run [2]int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of != r.version.Load() {
		return run, false
	}
	run, ok = r.known[off]
	return run, ok
}

func (r *runs) note(off, start, end, version int64) {
	const most = 1 << 16
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || r.of != version || len(r.known) >= most {
		r.known, r.of = map[int64][2]int64{}, version
	}
	r.known[off] = [2]int64{start, end}
}

// allocated finds the next run that has a place in the format, as Data does.
func (f *file) allocated(off int64) (start, end int64, err error) {
	start, end, err = dataFrom(func(off, n int64) (list []nbd.Extent, err error) {
		err = f.ask(func(s *server) (err error) {
			list, err = s.Status(off, n)
			return err
		})
		return list, err
	}, off, f.Size())
	if err != nil {
		return 0, 0, tried.Errorf("look for data in %s from byte %d: %w", f.Given, off, err)
	}
	return start, end, nil
}

// dataFrom finds the next run that may hold anything but zeros, as target.Device does.
func dataFrom(status func(off, n int64) ([]nbd.Extent, error), off, size int64) (start, end int64, err error) {
	for start = off; start < size; {
		list, err := status(start, size-start)
		if err != nil {
			return 0, 0, err
		}
		for i, e := range list {
			if e.Zero {
				start += e.Len
				continue
			}
			end = start
			for _, e := range list[i:] {
				if e.Zero {
					break
				}
				end += e.Len
			}
			return start, end, nil
		}
	}
	return size, size, nil
}

// These formats have blocks of up to 32 MiB, and little of one may hold anything. So they are read, up to a limit.
const (
	mostRead  = 1 << 30 // bytes of a target
	zeroGrain = 64 << 10
)

// inner cuts the zeros off both ends of a run, and ends it at the first long run of zeros inside. If all of it is zero, start
// and end are both the end.
func (f *file) inner(start, end int64) (from, to int64, err error) {
	if f.looked.Load() > mostRead {
		return start, end, nil
	}
	b, zero := make([]byte, zeroGrain), make([]byte, zeroGrain)
	for from = end; start < end; {
		p := b[:min(end-start, zeroGrain-start%zeroGrain)]
		if _, err := f.ReadAt(p, start); err != nil {
			return 0, 0, err
		}
		f.looked.Add(int64(len(p)))
		switch empty := bytes.Equal(p, zero[:len(p)]); {
		case empty && from < end:
			return from, start, nil
		case !empty && from == end:
			from = start
		}
		start += int64(len(p))
	}
	return from, end, nil
}
