package nearby

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/ops/report"
)

// Settings are kept between starts. A file that is broken, or of another version, counts as none.
func TestSettings(t *testing.T) {
	f := Finder{State: filepath.Join(t.TempDir(), "shunt")}
	first := report.Settings{Ahead: report.AheadImages}
	if got := f.Settings(); got != first {
		t.Errorf("at first: %+v", got)
	}
	for _, ahead := range []report.Ahead{report.AheadAll, report.AheadOff, report.AheadImages} {
		f.Keep(report.Settings{Ahead: ahead})
		if got := f.Settings(); got.Ahead != ahead {
			t.Errorf("kept %q, got %+v", ahead, got)
		}
	}
	for _, text := range []string{"", "x", "{", `{"rehearse_ahead":"sometimes"}`, `[1]`} {
		if err := os.WriteFile(filepath.Join(f.State, settingsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.Settings(); got != first {
			t.Errorf("%q: %+v", text, got)
		}
	}
	(Finder{}).Keep(first) // nowhere to keep them
}

// The history of a target holds what changed it, in order, and no more than a limit.
func TestHistory(t *testing.T) {
	f := Finder{State: filepath.Join(t.TempDir(), "shunt")}
	deed := func(path, text string) report.Deed {
		return report.Deed{Path: path, Task: report.Apply, Outcome: report.Done, Operations: []string{text}}
	}
	f.Note(deed("/a", "one\n\x1b"))
	f.Note(deed("/b", "two"))
	f.Note(deed("/a", "three"))
	got := f.History("/a")
	if len(got) != 2 || got[0].Operations[0] != "one\n\x1b" || got[1].Operations[0] != "three" {
		t.Errorf("%+v", got)
	}
	long := strings.Repeat("x", 100<<10)
	for range 20 {
		f.Note(deed("/c", long))
	}
	f.Note(deed("/c", "last"))
	if got := f.History("/c"); len(got) < 3 || len(got) > 10 || got[len(got)-1].Operations[0] != "last" {
		t.Errorf("%d deeds are left", len(got))
	}
	if err := os.WriteFile(filepath.Join(f.State, historyFile), []byte("{\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := f.History("/a"); got != nil {
		t.Errorf("%+v", got)
	}
}
