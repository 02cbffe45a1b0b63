package worker

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/txn"
)

// openDir opens a journal's directory that need not be there.
func openDir(tb testing.TB, path string) *journal.Dir {
	tb.Helper()
	dir, err := journal.OpenDir(journal.Location{Parent: filepath.Dir(path), Name: filepath.Base(path)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = dir.Close() }) // nothing was written by way of it
	return dir
}

// FuzzTakeLast reads what may be a result that was left.
func FuzzTakeLast(f *testing.F) {
	dir := openDir(f, filepath.Join(f.TempDir(), "j"))
	if err := StoreLast(dir, report.Last{When: time.Unix(1, 0), Task: report.Apply, Plan: "grow 1\n", Result: report.Result{Outcome: report.Done, Log: "$ e2fsck"}}); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir.Path(), journal.ResultName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"result":{"outcome":7}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := t.TempDir()
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
		dir := openDir(t, path)
		if err := os.WriteFile(filepath.Join(dir.Path(), journal.ResultName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if last := TakeLast(dir); last != nil && last.Result.Outcome == "" {
			t.Errorf("%+v tells nothing", last)
		}
		if TakeLast(dir) != nil {
			t.Error("told twice")
		}
	})
}

// TestLastStrict has results that no worker leaves. None is told, and each is removed.
func TestLastStrict(t *testing.T) {
	good, err := encodeLast(report.Last{Task: report.Apply, Result: report.Result{Outcome: report.Done}})
	if err != nil {
		t.Fatal(err)
	}
	dir := openDir(t, filepath.Join(t.TempDir(), "j"))
	for text, want := range map[string]bool{
		string(good):                true,
		string(good) + "\n":         true,
		string(good) + string(good): false,
		`{"task":"apply","result":{"outcome":"done"},"more":1}`: false,
		`{"task":"look","result":{"outcome":"done"}}`:           false,
		`{"task":"apply","result":{"outcome":"splendid"}}`:      false,
		`[]`: false,
	} {
		f, err := dir.Create(journal.ResultName)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte(text), 0); err != nil {
			t.Fatal(err)
		}
		if got := TakeLast(dir); (got != nil) != want {
			t.Errorf("%s: %+v", text, got)
		}
		if _, err := os.Stat(dir.Path()); !os.IsNotExist(err) {
			t.Errorf("%s: it is left", text)
		}
	}
}

// TestLastLong leaves a result with a log that is too long. Its end is what is kept.
func TestLastLong(t *testing.T) {
	dir := openDir(t, filepath.Join(t.TempDir(), "j"))
	log := strings.Repeat("\x1b€", maxResult/2) + "the end"
	if err := StoreLast(dir, report.Last{Task: report.Undo, Result: report.Result{Outcome: report.RolledBack, Log: log}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir.Path(), journal.ResultName))
	if err != nil || info.Size() > maxResult {
		t.Errorf("%v, %v", info, err)
	}
	last := TakeLast(dir)
	if last == nil || !strings.HasSuffix(last.Result.Log, "the end") || !strings.HasSuffix(log, last.Result.Log) || len(last.Result.Log) < 1000 {
		t.Error("it is lost")
	}
	if err := StoreLast(dir, report.Last{Task: report.Undo, Plan: log}); err == nil {
		t.Error("a plan of that length was left")
	}
}

// TestNoUndo tells why there is no undo, and believes only what it can have written itself.
func TestNoUndo(t *testing.T) {
	dir := openDir(t, filepath.Join(t.TempDir(), "j"))
	if err := storeNoUndo(dir, []int{2, 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := Undoable(Rooms{Dir: dir}); !errors.Is(err, txn.ErrNoUndo) || !strings.Contains(err.Error(), "p2, p5 grew while mounted") {
		t.Error(err)
	}
	for _, text := range []string{"", "p2 grew", `{"grown":[]}`, `{"grown":[0]}`, `{"grown":[1]}{}`, `{"grown":["\u001b"]}`, `{"grown":[1],"x":1}`} {
		if err := store(dir, journal.NoUndoName, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := Undoable(Rooms{Dir: dir}); err == nil || err.Error() != txn.ErrNoUndo.Error() {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := storeNoUndo(dir, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir.Path()); !os.IsNotExist(err) {
		t.Error("something is left in the directory")
	}
}

// After a wipe has begun, the advice offers the only way on.
func TestAdviceAfterWipe(t *testing.T) {
	w := &process{dir: openDir(t, filepath.Join(t.TempDir(), "j"))}
	if text := w.howToGoOn(txn.ErrErased); strings.Contains(text, "roll") || !strings.Contains(text, "recover") {
		t.Error(text)
	}
}
