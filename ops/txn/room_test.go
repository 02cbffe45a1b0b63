package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shunt/model"
	"shunt/ops/journal"
	"shunt/ops/overlay"
	"shunt/ops/report"
	"shunt/ops/target"
)

// imageEntry is the directory entry of the image. Unlike that of other targets it can change.
const imageEntry = "IMAGE"

// A replaceable is a world in which a new file takes the name of the target.
type replaceable struct {
	before, after []byte
	scratch       *os.File // stands for the files that a driver would write
	machine       *Machine // at the start
	gone          error    // of InPlace
	limits        Limits
}

func newReplaceable(t *testing.T, before, after []byte) *replaceable {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "scratch"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // nothing reads it
	m := New(before)
	m.entries[imageEntry], m.synced[imageEntry] = TargetName, TargetName
	return &replaceable{before: before, after: after, scratch: f, machine: m}
}

// anyTarget has the methods that no transaction calls.
type anyTarget = target.Target

// fixedTarget is a raw image whose size cannot change. Only what a transaction needs is there.
type fixedTarget struct {
	anyTarget
	*Target
	world *replaceable
}

func (f fixedTarget) ReadAt(p []byte, off int64) (int, error)      { return f.Target.ReadAt(p, off) }
func (f fixedTarget) Size() int64                                  { return f.Target.Size() }
func (f fixedTarget) Data(off int64) (start, end int64, err error) { return off, f.Size(), nil }
func (f fixedTarget) WriteAt([]byte, int64) (int, error)           { return 0, target.ErrNotAllowed }
func (f fixedTarget) Sync() error                                  { return f.Target.Sync() }
func (f fixedTarget) Punch(int64, int64) error                     { return target.ErrNotAllowed }
func (f fixedTarget) Copy(int64, int64, int64) error               { return target.ErrNotAllowed }
func (f fixedTarget) Truncate(int64) error                         { return target.ErrNotAllowed }
func (f fixedTarget) Forget(int64, int64)                          {}
func (f fixedTarget) Loose() bool                                  { return false }
func (f fixedTarget) Shared() int64                                { return 0 }
func (f fixedTarget) State() (target.State, error)                 { return target.State{}, nil }
func (f fixedTarget) InPlace() error                               { return f.world.gone }
func (f fixedTarget) Grain() int64                                 { return 4096 }
func (f fixedTarget) ImageState() model.ImageState                 { return model.ImageState{Renews: true} }

// waiting is the handle on the new file.
func (f fixedTarget) waiting() *handle {
	name := f.m.waits()
	return &handle{f.m, name, f.m.entries[name]}
}

// waits is the name of the file that waits on the machine, "" if there is none.
func (m *Machine) waits() string {
	for _, side := range journal.Sides(m.Store()) {
		_, name := journal.NameOn(side, journal.ImageName)
		if inode := m.entries[name]; inode != "" && m.files[inode].current.size == 0 {
			return name
		}
	}
	return ""
}

func (f fixedTarget) Renew(_ context.Context, _ *os.File, n target.New) error {
	b := make([]byte, n.Size)
	if _, err := n.Content.ReadAt(b, 0); err != nil {
		return err
	}
	h := f.waiting()
	for off := 0; off < len(b); off += 4096 {
		if _, err := h.WriteAt(b[off:min(off+4096, len(b))], int64(off)); err != nil {
			return err
		}
	}
	return h.Sync()
}

func (f fixedTarget) Reread(context.Context, *os.File) (target.Content, func() error, error) {
	side, err := FreeSide(f.m.Store())
	if err != nil {
		return nil, nil, err
	}
	_, name := journal.NameOn(side, journal.ImageName)
	h := &handle{f.m, name, f.m.entries[name]}
	size, err := h.Size()
	return &wholeDisk{ReaderAt: h, size: size, data: ranges{{0, size}}}, func() error { return nil }, err
}

// roomStore is the journal's directory of such a machine.
type roomStore struct {
	*Store
	world *replaceable
}

func (s roomStore) Room(name string) Room { return machineRoom{s, name} }

// A machineRoom is the Room of one side.
type machineRoom struct {
	s    roomStore
	name string
}

// roomHandle is a file in the room.
type roomHandle struct{ *handle }

func (h roomHandle) Inode() (uint64, error) {
	var n uint64
	for _, c := range []byte(h.inode) {
		n = n*31 + uint64(c)
	}
	return n, nil
}
func (h roomHandle) Takes() (int64, error)        { return h.Size() }
func (h roomHandle) State() (target.State, error) { return target.State{}, nil }
func (h roomHandle) Data(off int64) (start, end int64, err error) {
	size, err := h.Size()
	return off, size, err
}

func (r machineRoom) open(entry string) (RoomFile, error) {
	if err := r.s.m.step("open %s", entry); err != nil {
		return nil, err
	}
	inode, ok := r.s.m.entries[entry]
	if !ok {
		return nil, fmt.Errorf("%s: %w", entry, fs.ErrNotExist)
	}
	return roomHandle{&handle{r.s.m, entry, inode}}, nil
}

func (r machineRoom) Image() (RoomFile, error)   { return r.open(imageEntry) }
func (r machineRoom) Waiting() (RoomFile, error) { return r.open(r.name) }
func (r machineRoom) Open() (*os.File, error) {
	return os.OpenFile(r.s.world.scratch.Name(), os.O_RDWR, 0)
}
func (r machineRoom) Lock() error          { return r.s.m.step("lock") }
func (r machineRoom) Possible() error      { return nil }
func (r machineRoom) Free() (int64, error) { return 1 << 40, nil }
func (r machineRoom) Settle() error        { return nil }
func (r machineRoom) Replace() error       { return errors.New("not here") }

func (r machineRoom) Exchange() error {
	m := r.s.m
	if err := m.step("exchange"); err != nil {
		return err
	}
	image, waits := m.entries[imageEntry], m.entries[r.name]
	c := change{entry: imageEntry, points: waits, also: &change{entry: r.name, points: image}}
	c.enter(m.entries)
	m.pending = append(m.pending, c)
	return r.s.SyncDir()
}

func (r machineRoom) Remove() error {
	if _, ok := r.s.m.entries[r.name]; !ok {
		return nil
	}
	return errors.Join(r.s.Store.Remove(r.name), r.s.SyncDir())
}

func (w *replaceable) store(m *Machine) roomStore { return roomStore{m.Store(), w} }

// open opens the file that has the image's name.
func (w *replaceable) open(m *Machine) fixedTarget {
	return fixedTarget{Target: &Target{handle{m, TargetName, m.entries[imageEntry]}}, world: w}
}

// run commits to the machine, with a new file as a session makes it.
func (w *replaceable) run(m *Machine, options journal.Options) error {
	store := w.store(m)
	side, err := FreeSide(store)
	if err != nil {
		return err
	}
	_, name := journal.NameOn(side, journal.ImageName)
	if _, err := m.Store().Create(name); err != nil {
		return err
	}
	spill, err := side.Create(journal.SpillName)
	if err != nil {
		return err
	}
	dev := w.open(m)
	r := &Rehearsal{Limits: w.limits, Device: dev, Overlay: overlay.New(dev, dev.Size(), spill), Options: options, Now: time.Now}
	r.Before.SectorSize = sec
	if err := r.Overlay.Resize(int64(len(w.after))); err != nil {
		return err
	}
	if _, err := r.Overlay.WriteAt(w.after, 0); err != nil {
		return err
	}
	tx, err := r.Prepare(side, spill, "plan", "name", &report.Rehearsal{})
	if err != nil {
		return err
	}
	return tx.Commit(context.Background(), noWatch)
}

// state says what a program reads under the image's name: "before", "after" or neither.
func (w *replaceable) state(m *Machine) string {
	inode, ok := m.entries[imageEntry]
	if !ok {
		return "gone"
	}
	b := make([]byte, m.files[inode].current.size)
	if _, err := m.read(inode, b, 0); err != nil {
		return err.Error()
	}
	switch {
	case bytes.Equal(b, w.before):
		return "before"
	case bytes.Equal(b, w.after):
		return "after"
	}
	return fmt.Sprintf("%d other bytes", len(b))
}
