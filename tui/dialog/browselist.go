package dialog

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// section is a part of the picker's list.
type section int

const (
	sectionHere section = iota
	sectionRecent
	sectionDevices
)

// browseRow is a line of the picker's list: an entry, or a text between them.
type browseRow struct {
	section section
	entry   bool
	report.Candidate
	text string
	head bool // the text is a heading
	// wrong is set if the text is an error.
	wrong bool
}

// parent is the name of the parent directory.
const parent = ".."

// namedEntry is a candidate with its name in lower case, for searching, and its class.
type namedEntry struct {
	report.Candidate
	lower string
	class int
}

// The classes of entries, in the order in which they are shown.
const (
	classImage = iota
	classDir
	classOther
)

// sortEntries sorts images first, then directories, then everything else.
func sortEntries(l Listing) []namedEntry {
	out := make([]namedEntry, 0, len(l.Entries)+1)
	if l.Path != "" && l.Path != "/" {
		up := report.Candidate{Name: parent, Path: path.Dir(l.Path), Kind: report.CandidateDir}
		out = append(out, namedEntry{Candidate: up, class: classDir})
	}
	for _, c := range l.Entries {
		e := namedEntry{c, strings.ToLower(c.Name), classOther}
		switch {
		case c.Kind == report.CandidateDir:
			e.class = classDir
		case c.Likely || c.Kind == report.CandidateDevice:
			e.class = classImage
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b namedEntry) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.lower, b.lower), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// refresh builds the rows again. A cursor that the user moved stays on its entry; otherwise it goes to the first one.
func (b *browse) refresh() {
	old := b.selected()
	dir, name := b.typed()
	b.rows = nil
	switch {
	case dir != "":
		b.addHere(name)
	case name != "":
		b.addHere(name)
		b.addRecent(name)
		b.addDevices(name)
		b.dropRepeated()
	default:
		b.addRecent("")
		b.addHere("")
		b.addDevices("")
	}
	b.chosen = b.chosen && old.entry
	if b.chosen {
		b.at = slices.IndexFunc(b.rows, func(r browseRow) bool {
			return r.entry && r.section == old.section && r.Path == old.Path
		})
		b.chosen = b.at >= 0
	}
	if !b.chosen {
		b.at = max(0, slices.IndexFunc(b.rows, func(r browseRow) bool { return r.entry }))
	}
}

func (b *browse) add(s section, list ...report.Candidate) {
	for _, c := range list {
		b.rows = append(b.rows, browseRow{section: s, entry: true, Candidate: c})
	}
}

func (b *browse) addText(s section, head bool, text string) {
	b.rows = append(b.rows, browseRow{section: s, text: text, head: head})
}

// addHere adds the entries of the directory: first those whose names begin with the typed text, then those that contain
// it.
func (b *browse) addHere(name string) {
	if !b.listed() {
		b.addText(sectionHere, true, "Reading "+b.short(b.dir()))
		return
	}
	where := b.short(b.listing.Path)
	here := "Here, in "
	if dir, _ := b.typed(); dir != "" {
		here = "In "
	}
	found, left := b.matches(name)
	if b.listing.Err == nil && len(found) == 0 && name != "" {
		b.addText(sectionHere, true, "No name in "+where+" matches")
		return
	}
	b.addText(sectionHere, true, here+where)
	if b.listing.Err != nil {
		text := ops.Capital(widget.Clean(tried.Text(b.listing.Err)))
		b.rows = append(b.rows, browseRow{section: sectionHere, text: text, wrong: true})
		return
	}
	b.add(sectionHere, found...)
	switch {
	case left == 1:
		b.addText(sectionHere, false, "1 more (hidden, or not an image): ctrl+t shows it")
	case left > 1:
		b.addText(sectionHere, false, fmt.Sprintf("%d more (hidden, or not images): ctrl+t shows them", left))
	}
}

// journalSuffix ends the name of the directory that shunt creates beside an image for its journal. The picker hides it.
const journalSuffix = ".shunt"

// matches returns the entries of the directory that match the typed text. left counts hidden ones.
func (b *browse) matches(name string) (found []report.Candidate, left int) {
	var inside []report.Candidate
	lower := strings.ToLower(name)
	for _, e := range b.sorted {
		hidden := strings.HasPrefix(e.Name, ".") && e.Name != parent && !strings.HasPrefix(name, ".") ||
			e.Kind == report.CandidateDir && strings.HasSuffix(e.Name, journalSuffix) && !strings.Contains(lower, journalSuffix)
		switch {
		case !b.all && (hidden || name == "" && e.class == classOther):
			if strings.Contains(e.lower, lower) {
				left++
			}
		case strings.HasPrefix(e.Name, name):
			if e.Name == name {
				found = slices.Insert(found, 0, e.Candidate)
				continue
			}
			found = append(found, e.Candidate)
		case strings.Contains(e.lower, lower):
			inside = append(inside, e.Candidate)
		}
	}
	return append(found, inside...), left
}

// addRecent adds the recent targets that match, or only a few of them if nothing was typed.
func (b *browse) addRecent(name string) {
	const few = 5
	list := holding(b.recent, name)
	if name == "" {
		list = list[:min(len(list), few)]
	}
	if len(list) > 0 {
		b.addText(sectionRecent, true, "Recent")
		b.add(sectionRecent, list...)
	}
}

// dropRepeated drops the recent targets that the directory's matches above them have already, and a heading with nothing below.
func (b *browse) dropRepeated() {
	here := map[string]bool{}
	for _, r := range b.rows {
		here[r.Path] = here[r.Path] || r.entry && r.section == sectionHere
	}
	b.rows = slices.DeleteFunc(b.rows, func(r browseRow) bool { return r.entry && r.section == sectionRecent && here[r.Path] })
	if !slices.ContainsFunc(b.rows, func(r browseRow) bool { return r.entry && r.section == sectionRecent }) {
		b.rows = slices.DeleteFunc(b.rows, func(r browseRow) bool { return r.section == sectionRecent })
	}
}

func (b *browse) addDevices(name string) {
	list := holding(b.devices, name)
	title := "Loop devices"
	if slices.ContainsFunc(list, func(c report.Candidate) bool { return !strings.HasPrefix(c.Name, "/dev/loop") }) {
		title = "Devices"
	}
	if len(list) > 0 {
		b.addText(sectionDevices, true, title)
		b.add(sectionDevices, list...)
	}
}

// holding returns the candidates whose names contain a text, ignoring case.
func holding(list []report.Candidate, name string) []report.Candidate {
	return slices.DeleteFunc(slices.Clone(list), func(c report.Candidate) bool {
		return !strings.Contains(strings.ToLower(c.Name), strings.ToLower(name))
	})
}

// complete extends the typed text as far as all matching entries agree, as a shell does.
func (b *browse) complete() Action {
	dir, name := b.typed()
	if b.field.Value() == "~" {
		return b.write(b.field.Set("~/").Touch())
	}
	if !b.listed() {
		return nil
	}
	found, _ := b.matches(name)
	begin := found[:0:0]
	for _, c := range found {
		if c.Name != parent && strings.HasPrefix(c.Name, name) {
			begin = append(begin, c)
		}
	}
	if len(begin) == 0 && len(found) == 1 {
		begin = found // the typed text is in the middle of the name
	}
	if r := b.selected(); r.entry && b.chosen && r.section == sectionHere && r.Name != parent {
		begin = []report.Candidate{r.Candidate}
	}
	if len(begin) == 0 {
		return nil
	}
	common := commonPrefix(begin)
	if len(begin) == 1 && begin[0].Kind == report.CandidateDir {
		if common != begin[0].Name {
			return b.goTo(begin[0].Path) // the name cannot be typed
		}
		common += "/"
	}
	return b.write(b.field.Set(dir + common).Touch())
}

// commonPrefix returns the common beginning of all names, up to the first character that cannot be typed.
func commonPrefix(list []report.Candidate) string {
	common := list[0].Name
	for _, c := range list[1:] {
		for !strings.HasPrefix(c.Name, common) {
			common = common[:len(common)-1]
		}
	}
	for i, r := range common {
		if r == utf8.RuneError || !safetext.Visible(r) {
			return common[:i]
		}
	}
	return common
}
