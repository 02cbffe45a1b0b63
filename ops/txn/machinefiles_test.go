package txn

import (
	"errors"
	"fmt"
	"io/fs"

	"shunt/ops/journal"
	"shunt/ops/target"
)

// handle is an open file of a machine.
type handle struct {
	m           *Machine
	name, inode string
}

// ReadAt implements io.ReaderAt exactly: less than asked is an error.
func (h *handle) ReadAt(b []byte, off int64) (int, error) {
	if err := h.m.step("read %s %d+%d", h.name, off, len(b)); err != nil {
		return 0, err
	}
	return h.m.read(h.inode, b, off)
}

func (h *handle) WriteAt(b []byte, off int64) (int, error) {
	if err := h.m.step("write %s %d+%d", h.name, off, len(b)); err != nil {
		return h.m.half(h.inode, b, off, err), err
	}
	h.m.write(h.inode, b, off)
	return len(b), nil
}

// Sync makes the file's changes durable.
func (h *handle) Sync() error {
	if err := h.m.step("sync %s", h.name); err != nil {
		return err
	}
	if !h.m.lies(h.name) {
		h.m.syncInode(h.inode)
	}
	return nil
}

func (h *handle) Size() (int64, error) { return h.m.files[h.inode].current.size, nil }

func (h *handle) Close() error { return nil }

// Target is the machine's target disk.
type Target struct{ handle }

var _ Device = (*Target)(nil)

// Target is the disk of the machine.
func (m *Machine) Target() *Target { return &Target{handle{m, TargetName, TargetName}} }

// Size is the length in bytes.
func (t *Target) Size() int64 { return t.m.files[t.inode].current.size }

// WriteAt refuses to make the target longer.
func (t *Target) WriteAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > t.Size() {
		return 0, fmt.Errorf("write [%d, %d) behind the end %d", off, off+int64(len(b)), t.Size())
	}
	return t.handle.WriteAt(b, off)
}

// half leaves half of a failed write on the disk, since callers must not count on nothing, and says how much that is.
func (m *Machine) half(inode string, b []byte, off int64, err error) int {
	if errors.Is(err, ErrPowerCut) || inode == TargetName && off+int64(len(b)) > m.files[inode].current.size {
		return 0
	}
	n := len(b) / 2
	f := m.fault
	m.fault = nil // what the failed write leaves is not what follows it
	m.write(inode, b[:n], off)
	m.fault = f
	return n
}

// Truncate sets the length.
func (t *Target) Truncate(n int64) error {
	if err := t.m.step("truncate target %d", n); err != nil {
		return err
	}
	t.m.resize(TargetName, n)
	return nil
}

// Punch makes a range read as zero.
func (t *Target) Punch(off, n int64) error {
	if off > t.Size() || n > t.Size()-off {
		return fmt.Errorf("punch %d bytes at %d of %d", n, off, t.Size())
	}
	if err := t.m.step("punch target %d+%d", off, n); err != nil {
		t.m.half(TargetName, make([]byte, n), off, err)
		return err
	}
	t.m.write(TargetName, make([]byte, n), off)
	return nil
}

// Reserve changes nothing that can be read. It fails where the host would.
func (t *Target) Reserve(off, n int64) error {
	if off > t.Size() || n > t.Size()-off {
		return fmt.Errorf("reserve %d bytes at %d of %d", n, off, t.Size())
	}
	return t.m.step("reserve target %d+%d", off, n)
}

// Copy refuses ranges that overlap.
func (t *Target) Copy(dst, src, n int64) error {
	if n > t.Size() {
		return fmt.Errorf("copy %d bytes of %d", n, t.Size())
	}
	if err := t.m.step("copy target %d+%d to %d", src, n, dst); err != nil {
		b := make([]byte, n)
		if _, unread := t.m.read(TargetName, b, src); unread == nil && dst+n <= t.Size() {
			t.m.half(TargetName, b, dst, err)
		}
		return err
	}
	if dst < src+n && src < dst+n {
		return fmt.Errorf("copy between overlapping ranges %d and %d of %d bytes", src, dst, n)
	}
	b := make([]byte, n)
	if _, err := t.m.read(TargetName, b, src); err != nil {
		return err
	}
	if dst+n > t.Size() {
		return fmt.Errorf("copy to [%d, %d) behind the end %d", dst, dst+n, t.Size())
	}
	t.m.write(TargetName, b, dst)
	return nil
}

// Data finds the next run of sectors that are not all zero.
func (t *Target) Data(off int64) (start, end int64, err error) {
	if err := t.m.step("map target %d", off); err != nil {
		return 0, 0, err
	}
	start, end = t.m.data(off)
	return start, end, nil
}

// data finds the next run of sectors of the target that are not all zero.
func (m *Machine) data(off int64) (start, end int64) {
	c := m.files[TargetName].current
	for i := off / sec; i*sec < c.size; i++ {
		if _, ok := c.sectors[i]; !ok {
			continue
		}
		j := i
		for _, ok := c.sectors[j]; ok; _, ok = c.sectors[j] {
			j++
		}
		return max(off, i*sec), min(c.size, j*sec)
	}
	return c.size, c.size
}

// Forget implements the device of package txn; nothing is cached twice here.
func (t *Target) Forget(int64, int64) {}

// State says when the target was written to, or that nobody keeps account of that, as with block devices.
func (t *Target) State() (s target.State, err error) {
	if t.m.Times {
		s = target.State{Modified: t.m.stamp + 1, Changed: t.m.stamp + 1, Born: 1, Inode: 1}
	}
	return s, t.m.step("ask for the state of the target")
}

// Loose says that a target is held as a whole.
func (t *Target) Loose() bool { return false }

// Shared says that nothing is copied by sharing.
func (t *Target) Shared() int64 { return 0 }

// Store is the machine's journal directory.
type Store struct{ m *Machine }

var _ journal.Store = (*Store)(nil)

// Store is the directory of the machine.
func (m *Machine) Store() *Store { return &Store{m} }

// Create implements journal.Store.
func (s *Store) Create(name string) (journal.File, error) {
	if err := s.m.step("create %s", name); err != nil {
		return nil, err
	}
	s.m.inodes++
	inode := fmt.Sprintf("%s#%d", name, s.m.inodes)
	s.m.files[inode] = &file{durable: content{sectors: map[int64][]byte{}}, current: content{sectors: map[int64][]byte{}}}
	s.m.entries[name] = inode
	s.m.pending = append(s.m.pending, change{entry: name, points: inode})
	return &handle{s.m, name, inode}, nil
}

// Open implements journal.Store.
func (s *Store) Open(name string) (journal.File, error) {
	inode, ok := s.m.entries[name]
	if !ok { // that is no operation: a power cut before it leaves the same as one before the next
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	if err := s.m.step("open %s", name); err != nil {
		return nil, err
	}
	return &handle{s.m, name, inode}, nil
}

// Remove implements journal.Store.
func (s *Store) Remove(name string) error {
	if err := s.m.step("remove %s", name); err != nil {
		return err
	}
	if _, ok := s.m.entries[name]; ok {
		delete(s.m.entries, name)
		s.m.pending = append(s.m.pending, change{entry: name})
	}
	return nil
}

// SyncDir implements journal.Store.
func (s *Store) SyncDir() error {
	if err := s.m.step("sync directory"); err != nil || s.m.lies("directory") {
		return err
	}
	rest := s.m.pending[:0:0]
	for _, c := range s.m.pending {
		if c.entry == "" {
			rest = append(rest, c)
			continue
		}
		c.enter(s.m.synced)
	}
	s.m.pending = rest
	return nil
}
