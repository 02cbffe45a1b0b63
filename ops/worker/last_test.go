package worker

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"shunt/ops"
	"shunt/ops/journal"
)

// openDir opens a journal's directory that need not be there.
func openDir(tb testing.TB, path string) *journal.Dir {
	tb.Helper()
	dir, err := journal.OpenDir(journal.Place{Parent: filepath.Dir(path), Name: filepath.Base(path)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = dir.Close() }) // nothing was written by way of it
	return dir
}

// FuzzTakeLast reads what may be a result that was left.
func FuzzTakeLast(f *testing.F) {
	dir := openDir(f, filepath.Join(f.TempDir(), "j"))
	if err := LeaveLast(dir, Last{When: time.Unix(1, 0), Task: Apply, Plan: "grow 1\n", Result: ops.Result{Outcome: ops.Done, Log: "$ e2fsck"}}); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir.Path(), lastName))
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
		if err := os.WriteFile(filepath.Join(dir.Path(), lastName), text, 0o600); err != nil {
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
