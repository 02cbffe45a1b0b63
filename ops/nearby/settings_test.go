package nearby

import (
	"os"
	"path/filepath"
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
