package qemu

import (
	"bytes"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
)

var errNoDaemon = errors.New("no " + daemon + " serves it any more")

// ask calls do with the daemon that serves the disk.
func (f *file) ask(do func(s *server) error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.server == nil {
		return errNoDaemon
	}
	if !f.server.write { // an image can be made to keep its reader busy for ever
		tooLong := time.AfterFunc(answerPatience, f.server.program.Kill)
		defer tooLong.Stop()
	}
	if err := do(f.server); err != nil {
		return f.server.failed(err)
	}
	return nil
}

// change calls do with the daemon, for one change at a time: if it is killed, the format has lost the place of the last one at
// most.
func (f *file) change(do func(s *server) error) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.runs.version.Add(1)
	defer f.runs.version.Add(1) // an answer may have been found meanwhile
	return f.ask(do)
}

// ReadAt implements target.Device.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.Within("read", off, int64(len(p))); err != nil {
		return 0, err
	}
	var n int
	err := f.ask(func(s *server) (err error) {
		n, err = s.ReadAt(p, off)
		return err
	})
	if err != nil {
		return n, tried.Errorf("read %s: got %d of %d bytes at byte %d: %w", f.Given, n, len(p), off, err)
	}
	return n, nil
}

// WriteAt implements target.Device.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if _, err := f.Writer("write", off, int64(len(p))); err != nil {
		return 0, err
	}
	var n int
	err := f.change(func(s *server) (err error) {
		n, err = s.WriteAt(p, off)
		return err
	})
	if err != nil {
		return n, tried.Errorf("write %s: put %d of %d bytes at byte %d: %w", f.Given, n, len(p), off, err)
	}
	return n, nil
}

// Sync implements target.Device.
func (f *file) Sync() error {
	return f.SyncBy(func() error {
		return f.ask(func(s *server) error {
			if !s.write {
				return nil // nothing was written
			}
			return s.Flush()
		})
	})
}

// Truncate implements target.Device.
func (f *file) Truncate(n int64) error {
	return tried.Errorf("truncate %s to %d bytes: %w", f.Given, n, target.ErrFixed)
}

// Punch implements target.Device. It writes zeros where the disk does not read as zero: in these formats a hole that is
// punched may keep its old bytes.
func (f *file) Punch(off, n int64) error {
	if _, err := f.Writer("punch", off, n); err != nil {
		return err
	}
	for end := off + n; off < end; {
		start, stop, err := f.Data(off)
		if err != nil {
			return err
		}
		start, stop = min(start, end), min(stop, end)
		if err := f.zero(start, stop-start); err != nil {
			return err
		}
		off = stop
	}
	return nil
}

func (f *file) zero(off, n int64) error {
	if n == 0 {
		return nil
	}
	err := f.change(func(s *server) error { return s.Zero(off, n) })
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return f.clearInPlace(off, n)
	}
	if err != nil {
		return tried.Errorf("write %d zeros to %s at byte %d: %w", n, f.Given, off, err)
	}
	return nil
}

// clearInPlace writes zeros only where the disk has other bytes, so that it needs no room on the host: a roll back must be
// possible when a write has just failed for lack of it.
func (f *file) clearInPlace(off, n int64) error {
	const block = 4096 // of most hosts
	b, zero := make([]byte, block), make([]byte, block)
	for end := off + n; off < end; {
		p := b[:min(end-off, block-off%block)]
		if _, err := f.ReadAt(p, off); err != nil {
			return err
		}
		if !bytes.Equal(p, zero[:len(p)]) {
			if _, err := f.WriteAt(zero[:len(p)], off); err != nil {
				return err
			}
		}
		off += int64(len(p))
	}
	return nil
}

// copyBuffer is how many bytes are read and written at a time.
const copyBuffer = 1 << 20

// Copy implements target.Device. What reads as zero takes no new room.
func (f *file) Copy(dst, src, n int64) error {
	if _, err := f.CopyWriter(dst, src, n); err != nil {
		return err
	}
	buffer, zero := make([]byte, min(n, copyBuffer)), make([]byte, min(n, copyBuffer))
	for n > 0 {
		// All pieces but the first and the last are aligned, so that the daemon need not read before it writes.
		p := buffer[:min(n, copyBuffer-dst%copyBuffer)]
		if _, err := f.ReadAt(p, src); err != nil {
			return err
		}
		k := int64(len(p))
		if bytes.Equal(p, zero[:k]) {
			if err := f.Punch(dst, k); err != nil {
				return err
			}
		} else if _, err := f.WriteAt(p, dst); err != nil {
			return err
		}
		dst, src, n = dst+k, src+k, n-k
	}
	return nil
}

// Reserve implements target.Reserver: it writes zeros where the format has no place for them yet.
func (f *file) Reserve(off, n int64) error {
	if _, err := f.Writer("allocate room in", off, n); err != nil {
		return err
	}
	zeroes := make([]byte, min(n, copyBuffer))
	for end := off + n; off < end; {
		start, stop, err := f.Data(off)
		if err != nil {
			return err
		}
		for start = min(start, end); off < start; {
			k, err := f.WriteAt(zeroes[:min(int64(len(zeroes)), start-off)], off)
			if err != nil {
				return err
			}
			off += int64(k)
		}
		off = max(off, min(stop, end))
	}
	return nil
}

// Forget implements target.Device. The host caches the files and not the disk, and the daemon caches no data.
func (f *file) Forget(int64, int64) { f.File.Forget(0, 0) }
