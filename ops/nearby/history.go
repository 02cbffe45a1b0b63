package nearby

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/ops/report"
)

const (
	historyFile = "history.jsonl" // a transaction a line, the newest last
	plansFile   = "plans"         // as recentFile
	mostHistory = 512 << 10       // bytes; then the older half is forgotten
)

// Note adds a transaction to the history. A failure only makes the history incomplete.
func (f Finder) Note(d report.Deed) {
	line, err := json.Marshal(d)
	if err != nil || f.ready() != nil {
		return
	}
	if text := f.get(historyFile); len(text) > mostHistory {
		_, rest, _ := strings.Cut(text[len(text)/2:], "\n")
		_ = f.put(historyFile, rest)
	}
	// Programs that note something at the same time write a line each.
	flags := os.O_WRONLY | os.O_APPEND | os.O_CREATE | unix.O_NOFOLLOW | unix.O_NONBLOCK
	file, err := os.OpenFile(filepath.Join(f.State, historyFile), flags, 0o600)
	if err != nil {
		return
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		_, _ = file.Write(append(line, '\n'))
	}
	_ = file.Close()
}

// History returns the transactions that changed the target at an absolute path, in order. Lines that cannot be read are left out.
func (f Finder) History(path string) (list []report.Deed) {
	for line := range strings.Lines(f.get(historyFile)) {
		var d report.Deed
		if json.Unmarshal([]byte(line), &d) == nil && d.Path == path {
			list = append(list, d)
		}
	}
	return list
}

// Plans returns the plan files that were used lately and still exist, the newest first.
func (f Finder) Plans() []string {
	return slices.DeleteFunc(f.paths(plansFile), func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || !info.Mode().IsRegular()
	})
}

// RememberPlan makes a plan file the newest of those. A failure only leaves it out.
func (f Finder) RememberPlan(path string) { _ = f.remember(plansFile, path) }
