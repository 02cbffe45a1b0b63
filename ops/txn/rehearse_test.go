package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/table"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/overlay"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/tool"
)

func uuids(rng *rand.Rand) func() uuid.UUID {
	return func() (id uuid.UUID) {
		rng.Read(id[:])
		return id
	}
}

// rehearse runs a queue's steps on a machine.
func rehearse(tb testing.TB, m *Machine, q ops.Queue, rng *rand.Rand) (*Rehearsal, journal.File, error) {
	tb.Helper()
	steps, err := q.Compile()
	if err != nil {
		return nil, nil, err
	}
	spill, err := m.Store().Create(journal.SpillName)
	if err != nil {
		return nil, nil, err
	}
	ov := overlay.New(m.Target(), m.Target().Size(), spill)
	windows := &extracts{ov: ov, dir: tb.TempDir()}
	r := &Rehearsal{
		Device: m.Target(), Overlay: ov, Before: q.Initial(), After: q.Preview(), Steps: steps, NewUUID: uuids(rng),
		Now: time.Now, Windows: windows, Tools: fsys.Tools{Run: runQuietly},
		OnStep: func(int, *report.StepResult) {}, ToolOutput: func() (string, string) { return "", "" },
	}
	_, err = r.Run(context.Background())
	return r, spill, errors.Join(err, windows.err)
}

// newPlanned rehearses a plan on an image.
func newPlanned(tb testing.TB, p realPlan, image []byte, rng *rand.Rand) *world {
	tb.Helper()
	fail := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatalf("%s: %v", p.name, err)
		}
	}
	m := New(image)
	disk, err := scan.Scan(m.Target(), int64(len(image)), sec)
	fail(err)
	if why := disk.ReadOnly(); why != "" && p.harm == nil {
		tb.Fatalf("%s: %s", p.name, why)
	}
	caps := fsys.Discover()
	if p.busy > 0 {
		disk, caps[model.Ext4] = inUse(disk, p.busy), ops.Capability{}
	}
	q, err := plan.Parse(strings.NewReader(strings.Join(p.lines, "\n")), ops.NewQueue(disk, ops.Env{Caps: caps, Readings: readingsOf(image)}), geometry.AlignNone)
	fail(err)
	r, spill, err := rehearse(tb, m, q, rng)
	fail(err)
	c, t, err := r.compare(spill)
	fail(err)
	w := &world{
		scenario: scenario{name: p.name, tune: small}, before: image, after: make([]byte, r.Overlay.Size()), changes: c, tables: t,
		header: r.header("", ""), machine: New(image), pieces: slices.Collect(pieces(r.Overlay).Pieces),
	}
	_, err = r.Overlay.ReadAt(w.after, 0)
	fail(err)
	n, err := spill.Size()
	fail(err)
	w.spill = make([]byte, n)
	if n > 0 {
		_, err = spill.ReadAt(w.spill, 0)
		fail(err)
	}
	w.real = &realDisk{before: disk, imageBefore: image, imageAfter: w.after, masked: c.unused}
	w.real.after, err = scan.Scan(bytes.NewReader(w.after), int64(len(w.after)), sec)
	fail(err)
	for _, problem := range append(model.Check(w.real.after), w.real.after.Problems()...) {
		if problem.Severity == model.Fatal {
			tb.Fatalf("%s: as planned: %s", p.name, problem.Text)
		}
	}
	w.keepsContent(tb, q)
	if len(c.busy) > 0 {
		w.machine.Meanwhile = w.live
	}
	return w
}

// readingsOf returns the ways to understand the table of an image.
func readingsOf(image []byte) func() []ops.Reading {
	return func() (list []ops.Reading) {
		found, _ := table.Readings(bytes.NewReader(image), int64(len(image)), sec) // none is found where there is an error
		for _, r := range found {
			list = append(list, ops.Reading(r))
		}
		return list
	}
}

// keepsContent makes sure, without help of the overlay, that partitions of no known kind carry their bytes along, and that
// nothing is written into those that stay where they are: they may be in use.
func (w *world) keepsContent(tb testing.TB, q ops.Queue) {
	tb.Helper()
	for _, was := range w.real.before.Partitions() {
		is, ok := q.Preview().Partition(was.ID)
		over := func(op ops.Operation) bool {
			_, copied := op.(ops.CopyOver)
			_, wiped := op.(ops.Wipe)
			return (copied || wiped) && op.Part() == was.ID
		}
		if !ok || was.Role == model.Extended || was.FS.Known() || slices.ContainsFunc(q.Ops(), over) {
			continue
		}
		if !bytes.Equal(cutOut(w.before, was.Span), cutOut(w.after, is.Span)) {
			tb.Fatalf("%s: %s does not hold what it held", w.name, was.Ref())
		}
		if touched := w.changes.writes().within(int64(was.Span.Start)*sec, int64(was.Span.End)*sec); is.Span == was.Span && len(touched) > 0 {
			tb.Fatalf("%s: %s stays where it is and would be written to at %v", w.name, was.Ref(), touched)
		}
	}
}

func runQuietly(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
	result, err := tool.Run(ctx, tool.Cmd{Argv: argv, OnOutput: onLine})
	return result.Exit, result.Output, err
}

// extracts are windows that need no mount: files with a copy of a part of the overlay; the changes go back
// when they are removed.
type extracts struct {
	ov   *overlay.Overlay
	dir  string
	open map[string]extract
	err  error
}

type extract struct {
	off int64
	was []byte
}

func (e *extracts) Set(name string, off, n int64) string {
	path := filepath.Join(e.dir, name)
	b := make([]byte, n)
	_, err := e.ov.ReadAt(b, off)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil && e.err == nil {
		e.err = err
	}
	if e.open == nil {
		e.open = map[string]extract{}
	}
	e.open[name] = extract{off, b}
	return path
}

func (e *extracts) Remove(name string) {
	path := filepath.Join(e.dir, name)
	is, err := os.ReadFile(path)
	x := e.open[name]
	if n := len(is); err == nil && n < len(x.was) {
		is = append(is, x.was[n:]...) // resize2fs cuts a file that it shrinks; windows cannot be cut
	} else if n > len(x.was) {
		err = fmt.Errorf("a tool made %s %d bytes long instead of %d", name, n, len(x.was))
	}
	const grain = 1024
	for at := 0; err == nil && at < len(is); at += grain {
		end := min(at+grain, len(is))
		if !bytes.Equal(is[at:end], x.was[at:end]) {
			_, err = e.ov.WriteAt(is[at:end], x.off+int64(at))
		}
	}
	if err != nil && e.err == nil {
		e.err = err
	}
}
