package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
)

func TestSpillFails(t *testing.T) {
	full := fmt.Errorf("disk: %w", syscall.ENOSPC)
	w := newTwin(t, random(t), 1<<20, 1<<20)
	w.write(noise(rand.New(rand.NewPCG(1, 1)), 8192), 0)
	w.spill.fail, w.spill.room = full, 8192

	n, err := w.o.WriteAt(bytes.Repeat([]byte{9}, 12288), 4096)
	if n != 4096 || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	copy(w.plain[4096:], bytes.Repeat([]byte{9}, 4096))
	w.verify()
	if err := w.o.Zero(100001, 1<<18); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("zero: %v", err)
	}
	w.verify()

	w.spill.fail = nil
	w.write(noise(rand.New(rand.NewPCG(1, 1)), 8192), 70000)
	w.verify()
	if err := w.o.Sync(); !errors.Is(err, syscall.ENOSPC) || w.spill.syncs != 0 {
		t.Errorf("sync after a failed write: %v, %d syncs", err, w.spill.syncs)
	}
}

func TestSyncFailsForGood(t *testing.T) {
	w := newTwin(t, random(t), 1<<16, 1<<16)
	if err := w.o.Sync(); err != nil || w.spill.syncs != 1 {
		t.Fatal(err)
	}
	w.spill.fail = syscall.EIO
	if err := w.o.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	w.spill.fail = nil
	if err := w.o.Sync(); !errors.Is(err, syscall.EIO) || !errors.Is(w.o.Err(), syscall.EIO) {
		t.Errorf("a failed sync is forgotten: %v", err)
	}
}

func TestBaseFails(t *testing.T) {
	bad := func(off, n int64) error {
		if off <= 20000 && 20000 < off+n {
			return syscall.EIO
		}
		return nil
	}
	o := New(&memory{bytes: make([]byte, 1<<16), reads: bad}, 1<<16, &memory{})
	if n, err := o.WriteAt([]byte{1}, 0); n != 1 || err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 1<<16)
	n, err := o.ReadAt(p, 0)
	if n != 4096 || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "61440 bytes at 4096 of the target") {
		t.Errorf("read %d, %v", n, err)
	}
	if n, err := o.WriteAt([]byte{1}, 18000); n != 0 || !errors.Is(err, syscall.EIO) {
		t.Errorf("write into a bad block: %d, %v", n, err)
	}
	if n, err := o.WriteAt(bytes.Repeat([]byte{5}, 8192), 16384); n != 8192 || err != nil {
		t.Errorf("a bad block that is overwritten as a whole need not be read: %d, %v", n, err)
	}
	if !errors.Is(o.Err(), syscall.EIO) {
		t.Errorf("error is forgotten: %v", o.Err())
	}
	if err := o.check(); err != nil {
		t.Error(err)
	}
}
