package report

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model/safetext"
)

// Repair is what the check of a file system did to it in the rehearsal.
type Repair struct {
	// Mended lists what was corrected without a loss: "replayed its journal".
	Mended []string `json:"mended,omitempty"`
	// Repaired says that its tool repaired damage. What became of the files is in the other fields.
	Repaired bool `json:"repaired,omitempty"`
	// Caveat says what people must know about the repair: what its tool does not do.
	Caveat string `json:"caveat,omitempty"`
	// Kept is how many files and directories are as they were.
	Kept int `json:"kept"`
	// Counts has how many met each fate, and Files names the first of them.
	Counts map[Fate]int `json:"counts,omitempty"`
	Files  []FileFate   `json:"files,omitempty"`
	// NotListed is why files could not be compared, "" if they were.
	NotListed string `json:"not_listed,omitempty"`
}

// Fate is what a repair did to a file.
type Fate string

// The fates, the worst one first.
const (
	Deleted  Fate = "deleted"
	Cut      Fate = "cut"
	Changed  Fate = "changed"             // another kind, or longer than before
	Doubtful Fate = "of doubtful content" // as long as before, but some of its blocks are others now
	ToLost   Fate = "moved to lost+found"
	Renamed  Fate = "renamed"
	Restored Fate = "brought back" // it had no name, or could not be reached
)

var fates = [...]Fate{Deleted, Cut, Changed, Doubtful, ToLost, Renamed, Restored}

// FileFate is what became of one file. Paths are printable and begin with "/".
type FileFate struct {
	Fate Fate           `json:"fate"`
	Path string         `json:"path"`
	To   string         `json:"to,omitempty"` // its new path
	Size geometry.Bytes `json:"size"`         // in the end where it was brought back, else before
	Left geometry.Bytes `json:"left"`         // its size in the end
}

// MostFates is how many files Add keeps by name.
const MostFates = 1000

// Add enters the fate of a file, with exact paths.
func (r *Repair) Add(f FileFate) {
	if r.Counts == nil {
		r.Counts = map[Fate]int{}
	}
	r.Counts[f.Fate]++
	if len(r.Files) < MostFates {
		f.Path, f.To = safetext.Printable(f.Path), safetext.Printable(f.To)
		r.Files = append(r.Files, f)
	}
}

// Told reports whether there is anything to tell.
func (r Repair) Told() bool { return r.Repaired || len(r.Mended) > 0 || r.Caveat != "" }

// Lines tells people what was done; at most most files are named.
func (r Repair) Lines(most int) []string {
	var lines []string
	for _, text := range r.Mended {
		lines = append(lines, "besides, without any loss: "+text)
	}
	if r.Caveat != "" {
		lines = append(lines, r.Caveat)
	}
	switch {
	case !r.Repaired:
		return lines
	case r.NotListed != "":
		return append(lines, "what the repair will change is not known: "+r.NotListed+"; read what the tool says before you go on")
	}
	var parts []string
	all := 0
	for _, fate := range fates {
		if n := r.Counts[fate]; n > 0 {
			all += n
			parts = append(parts, fmt.Sprintf("%d %s", n, fate))
		}
	}
	text := "no file is lost"
	if len(parts) > 0 {
		text = strings.Join(parts, ", ")
	}
	lines = append(lines, fmt.Sprintf("files and directories: %s; %d as they were", text, r.Kept))
	for _, f := range r.Files[:min(most, len(r.Files))] {
		lines = append(lines, f.String())
	}
	if all > min(most, len(r.Files)) {
		lines = append(lines, fmt.Sprintf("and %d more", all-min(most, len(r.Files))))
	}
	return lines
}

// String is "cut /B.BIN from 195 KiB to 42.0 KiB".
func (f FileFate) String() string {
	switch f.Fate {
	case Cut, Changed:
		text := fmt.Sprintf("%s %s from %s to %s", f.Fate, f.Path, geometry.FormatBytes(f.Size), geometry.FormatBytes(f.Left))
		if f.To != "" {
			text += "; it is now " + f.To
		}
		return text
	case ToLost, Renamed:
		return fmt.Sprintf("%s: %s is now %s", f.Fate, f.Path, f.To)
	case Doubtful:
		return fmt.Sprintf("%s: %s (%s), some of its blocks are others now", f.Fate, f.Path, geometry.FormatBytes(f.Size))
	case Deleted, Restored:
	}
	return fmt.Sprintf("%s %s (%s)", f.Fate, f.Path, geometry.FormatBytes(f.Size))
}
