package txn

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/ops/journal"
)

var update = flag.Bool("update", false, "write what the golden tests find into their files")

// TestWriteOrder compares every write and every sync of a commit, of its roll back from behind the last unit and of its
// undo with what testdata holds, a file for each kind of plan. A barrier that is lost, or a write that comes too early,
// shows in the difference. Renew the files with -update and read them.
func TestWriteOrder(t *testing.T) {
	golden := map[string]bool{}
	for _, p := range plans() {
		if p.tools != nil {
			continue // what tools write differs from version to version
		}
		name := strings.NewReplacer(", ", "-", " ", "-").Replace(p.name) + ".txt"
		golden[name] = true
		t.Run(p.name, func(t *testing.T) {
			// The content is of no account, only where there is some.
			w := p.world(t, rand.New(rand.NewSource(1)))
			w.options = journal.KeepUndo | journal.Verify
			var out strings.Builder
			fmt.Fprintf(&out, "# A disk of %d sectors with a table of kind %s:\n", p.sectors, p.kind)
			for _, part := range w.real.before.Partitions() {
				fmt.Fprintf(&out, "#   %s at %v\n", part.Ref(), part.Span)
			}
			for _, line := range p.lines {
				fmt.Fprintln(&out, line)
			}
			w.trace(t, &out)
			compare(t, filepath.Join("testdata", "order", name), out.String())
		})
	}
	files, err := os.ReadDir(filepath.Join("testdata", "order"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !golden[f.Name()] {
			t.Errorf("testdata/order/%s belongs to no plan", f.Name())
		}
	}
}

// trace writes down what a world's commit does, then the ways back.
func (w *world) trace(t *testing.T, out *strings.Builder) {
	t.Helper()
	m := w.machine.Clone()
	m.Trace = changing(out)
	watch := func(stage journal.Stage, _, _ int64) { fmt.Fprintf(out, "  %s\n", stage) }
	fmt.Fprintln(out, "\nprepare")
	tx, err := w.prepared(m, m.Target())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(out, "\ncommit")
	cutAt := m.Ops()
	if err := tx.Commit(context.Background(), once(watch)); err != nil {
		t.Fatal(err)
	}
	if got := w.state(m); got != "after" {
		t.Fatal(got)
	}
	fmt.Fprintln(out, "\nundo")
	if err := Undo(context.Background(), m.Target(), m.Store(), once(watch)); err != nil {
		t.Fatal(err)
	}
	if got := w.state(m); got != "before" {
		t.Fatal(got)
	}
	fmt.Fprintln(out, "\nroll back of a commit that was cut off before its last record")
	m = w.cutBeforeKeeping(t, cutAt)
	m.Trace = changing(out)
	if err := Recover(context.Background(), m.Target(), m.Store(), RollBack, once(watch)); err != nil {
		t.Fatal(err)
	}
	if got := w.state(m); got != "before" {
		t.Fatal(got)
	}
}

// cutBeforeKeeping is the machine of a commit whose power went when all units were done and the record did not say so yet.
func (w *world) cutBeforeKeeping(t *testing.T, from int) *Machine {
	t.Helper()
	for k := from; ; k++ {
		m := w.machine.Clone()
		m.CutAt(k)
		_ = w.run(m) // the power cut
		m = m.Crash(All())
		s, err := Inspect(m.Clone().Store())
		if err == nil && s.Next == s.Units {
			return m
		}
	}
}

// changing writes down what changes the machine, or makes changes durable.
func changing(out *strings.Builder) func(string) {
	return func(line string) {
		verb, _, _ := strings.Cut(line, " ")
		if slices.Contains([]string{"write", "sync", "punch", "copy", "reserve", "truncate", "create", "remove"}, verb) {
			fmt.Fprintf(out, "    %s\n", line)
		}
	}
}

// once passes on the first of several calls for a stage.
func once(watch Watch) Watch {
	last := journal.Stage(255)
	return func(stage journal.Stage, done, total int64) {
		if stage != last {
			last = stage
			watch(stage, done, total)
		}
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := "(the end)", "(the end)"
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("%s, line %d:\n got %s\nwant %s\nRenew with -update and read the difference.", path, i+1, g, w)
		}
	}
}
