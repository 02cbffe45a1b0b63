package txn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/qcow2"
)

// imageKind is a kind of qcow2 image.
type imageKind struct {
	name        string
	version     uint32
	clusterBits int
	countBits   int
	extended    bool // extended L2 entries
	backed      bool // a part of the disk comes from a backing file
	snapshot    bool // qemu-img makes a snapshot of the disk
}

func imageKinds() []imageKind {
	return []imageKind{
		{name: "version 3", version: 3, clusterBits: 9, countBits: 16},
		{name: "version 2", version: 2, clusterBits: 9, countBits: 16},
		{name: "4 KiB", version: 3, clusterBits: 12, countBits: 16},
		{name: "counts of 1 bit", version: 3, clusterBits: 9, countBits: 1},
		{name: "counts of 64 bits", version: 3, clusterBits: 10, countBits: 64},
		{name: "extended", version: 3, clusterBits: 14, countBits: 16, extended: true},
		{name: "backed", version: 3, clusterBits: 9, countBits: 16, backed: true},
		{name: "backed, version 2", version: 2, clusterBits: 9, countBits: 8 * 2, backed: true},
		{name: "snapshot", version: 3, clusterBits: 9, countBits: 16, snapshot: true},
	}
}

// empty is the file of an image of a disk that reads as zero: header, refcount table, one refcount block and the L1 table.
func (k imageKind) empty(size int64) []byte {
	be, c := binary.BigEndian, int64(1)<<k.clusterBits
	entry := int64(8)
	if k.extended {
		entry = 16
	}
	mapped := c / entry * c // by an L2 table
	l1 := (size + mapped - 1) / mapped
	clusters := 3 + (l1*8+c-1)/c
	file := make([]byte, clusters*c)
	copy(file, "QFI\xfb")
	be.PutUint32(file[4:], k.version)
	be.PutUint32(file[20:], uint32(k.clusterBits))
	be.PutUint64(file[24:], uint64(size))
	be.PutUint32(file[36:], uint32(l1))
	be.PutUint64(file[40:], uint64(3*c))
	be.PutUint64(file[48:], uint64(c))
	be.PutUint32(file[56:], 1)
	if k.version >= 3 {
		for 1<<be.Uint32(file[96:]) < k.countBits {
			file[99]++
		}
		be.PutUint32(file[100:], 104)
		if k.extended {
			file[79] = 1 << 4
		}
	}
	be.PutUint64(file[c:], uint64(2*c))
	for i := range int(clusters) {
		if k.countBits < 8 {
			file[2*int(c)+i*k.countBits/8] |= 1 << (i * k.countBits % 8)
		} else {
			file[2*int(c)+(i+1)*k.countBits/8-1] = 1
		}
	}
	return file
}

// imaged is a world whose disk lies in a qcow2 image.
type imaged struct {
	*world
	kind  imageKind
	below *Machine // with the backing file, or nil
}

// imaged puts the disk of a world into an image of a kind.
func (w *world) imaged(tb testing.TB, k imageKind, rng *rand.Rand) *imaged {
	tb.Helper()
	fail := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatalf("%s on %s: %v", w.name, k.name, err)
		}
	}
	i := &imaged{world: w, kind: k}
	n := int64(len(w.before))
	pieces := []target.Piece{{Len: n, Kind: target.Write}}
	if k.backed {
		i.below = New(w.before[:n-rng.Int63n(n/sec/4)*sec])
		half := n / sec / 2 * sec
		pieces = []target.Piece{{Len: half}, {Off: half, Len: n - half, Kind: target.Write}}
	}
	w.machine = New(k.empty(n))
	dev, err := i.open(w.machine)
	fail(err)
	_, err = i.commit(w.machine, dev, target.Next{Size: n, Pieces: slices.Values(pieces), Content: bytes.NewReader(w.before)}, 0)
	fail(err)
	if k.snapshot && testneed.Has(tb, "qemu-img") {
		path := filepath.Join(tb.TempDir(), "image")
		fail(os.WriteFile(path, w.machine.TargetBytes(), 0o600))
		runTool(tb, "qemu-img", "snapshot", "-c", "one", path)
		file, err := os.ReadFile(path)
		fail(err)
		w.machine = New(file)
	}
	w.machine = w.machine.Clone()
	w.name += ", " + k.name
	return i
}

// imageFile is the file of an image on a machine. Reading it is no operation of the machine: a power cut before it leaves
// the same as one before the next write.
type imageFile struct{ *Target }

func (f imageFile) ReadAt(p []byte, off int64) (int, error) {
	n := min(int64(len(p)), max(0, f.Size()-off))
	if n > 0 {
		if _, err := f.m.read(TargetName, p[:n], off); err != nil {
			return 0, err
		}
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

func (f imageFile) WriteAt(p []byte, off int64) (int, error) { return f.handle.WriteAt(p, off) }

func (f imageFile) Data(off int64) (start, end int64, err error) {
	start, end = f.m.data(off)
	return start, end, nil
}

// closedFile is such a file before writing is allowed.
type closedFile struct{ imageFile }

func (closedFile) WriteAt([]byte, int64) (int, error) { return 0, target.ErrNotAllowed }
func (closedFile) Truncate(int64) error               { return target.ErrNotAllowed }
func (closedFile) Punch(int64, int64) error           { return target.ErrNotAllowed }
func (closedFile) Sync() error                        { return target.ErrNotAllowed }

// imageTarget is an open image on a machine.
type imageTarget struct {
	target.Target // what no transaction asks for
	*qcow2.Disk
	file imageFile
}

var _ target.Switching = imageTarget{}

func (t imageTarget) Container() target.Device                     { return t.file.Target }
func (t imageTarget) Refresh() error                               { return t.Disk.Refresh() }
func (t imageTarget) Size() int64                                  { return t.Disk.Size() }
func (t imageTarget) ReadAt(p []byte, off int64) (int, error)      { return t.Disk.ReadAt(p, off) }
func (t imageTarget) Data(off int64) (start, end int64, err error) { return t.Disk.Data(off) }

// read opens the image on a machine to read it.
func (i *imaged) read(m *Machine) (*qcow2.Image, error) {
	if i.below == nil {
		return qcow2.Open(imageFile{m.Target()}, nil)
	}
	return qcow2.Open(imageFile{m.Target()}, imageFile{i.below.Target()})
}

// open opens it for a transaction.
func (i *imaged) open(m *Machine) (imageTarget, error) {
	t := imageTarget{file: imageFile{m.Target()}}
	var err error
	t.Disk, err = qcow2.NewDisk(t.file, "image", true, func() (*qcow2.Image, error) { return i.read(m) })
	return t, err
}

func (i *imaged) run(m *Machine) error {
	dev, err := i.open(m)
	if err != nil {
		return err
	}
	next := target.Next{Size: int64(len(i.after)), Pieces: slices.Values(i.pieces), Content: bytes.NewReader(i.after)}
	_, err = i.commit(m, dev, next, i.options)
	return err
}

// commit does a transaction that makes next the content of the disk.
func (i *imaged) commit(m *Machine, dev imageTarget, next target.Next, options journal.Options) (*Transaction, error) {
	store, err := FreeSide(m.Store())
	if err != nil {
		return nil, err
	}
	spill, err := store.Create(journal.SpillName)
	if err != nil {
		return nil, err
	}
	header := i.header
	header.Options, header.Parts = options|journal.Switches, nil
	under, err := (&Rehearsal{Device: dev, Options: options, Limits: i.limits}).stackOn(store)
	if err != nil {
		return nil, errors.Join(err, spill.Close())
	}
	tx, err := stackedSwitch(dev, under, store, spill, next, header)
	if err != nil {
		return nil, errors.Join(err, spill.Close())
	}
	return tx, tx.Commit(context.Background(), noWatch)
}

// end ends what a crash left, as a session does. It says whether there was a transaction, and what Settle says of it: nil
// if Recover has ended it.
func (i *imaged) end(m *Machine, how Direction) (had bool, last *report.Last, err error) {
	dev, err := i.open(m)
	if err != nil {
		return false, nil, err
	}
	closed := dev
	closed.Disk, err = qcow2.NewDisk(closedFile{dev.file}, "image", true, func() (*qcow2.Image, error) { return i.read(m) })
	if err != nil {
		return false, nil, err
	}
	if last, err = Settle(closed, m.Store()); last != nil || err != nil {
		return true, last, err
	}
	err = Recover(context.Background(), dev, m.Store(), how, noWatch)
	if errors.Is(err, ErrRollingBack) {
		err = Recover(context.Background(), dev, m.Store(), RollBack, noWatch)
	}
	if errors.Is(err, journal.ErrNone) {
		return false, nil, nil
	}
	return true, nil, err
}

func (i *imaged) undo(m *Machine) error {
	dev, err := i.open(m)
	if err != nil {
		return err
	}
	return Undo(context.Background(), dev, m.Store(), noWatch)
}

// state says which disk the image shows, and whether its format is in order. It is "before", "after" or neither.
func (i *imaged) state(m *Machine) string {
	im, err := i.read(m)
	if err != nil {
		return "damaged: " + err.Error()
	}
	check, err := im.Walk(context.Background())
	if err != nil {
		return "damaged: " + err.Error()
	}
	if !check.Clean() || check.Leaks.Count > 0 || check.Beyond.Count > 0 {
		return fmt.Sprintf("damaged: %+v", *check)
	}
	got := make([]byte, im.Size())
	if _, err := im.ReadAt(got, 0); err != nil {
		return "damaged: " + err.Error()
	}
	switch {
	case bytes.Equal(got, i.before):
		return "before"
	case i.planned(got):
		return "after"
	}
	return "damaged: " + diff(got, i.before, i.after)
}

// planned reports whether a disk is the planned one, but for what may be anything.
func (i *imaged) planned(got []byte) bool {
	if len(got) != len(i.after) {
		return false
	}
	for _, p := range i.pieces {
		if p.Kind != target.Free && !bytes.Equal(got[p.Off:p.Off+p.Len], i.after[p.Off:p.Off+p.Len]) {
			return false
		}
	}
	return true
}

// sound says what qemu-img finds in the image, "" if nothing.
func (i *imaged) sound(t testing.TB, m *Machine) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, m.TargetBytes(), 0o600); err != nil {
		return err.Error()
	}
	defer func() { _ = os.Remove(path) }()
	if out, err := exec.Command("qemu-img", "check", "-q", "-f", "qcow2", path).CombinedOutput(); err != nil {
		return fmt.Sprintf("qemu-img check: %v\n%s", err, out)
	}
	return ""
}
