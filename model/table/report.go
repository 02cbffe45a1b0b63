package table

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// report collects the problems of a disk.
type report []model.Problem

// maxProblems limits the number of reported problems. A table full of nonsense has tens of thousands.
const maxProblems = 50

// add appends a problem, unless there are too many. The first fatal one is always added.
func (r *report) add(severity model.Severity, advice, format string, args ...any) {
	if len(*r) >= maxProblems && (severity != model.Fatal || slices.ContainsFunc(*r, isFatal)) {
		return
	}
	*r = append(*r, model.Problem{Severity: severity, Text: fmt.Sprintf(format, args...), Advice: advice})
}

func isFatal(p model.Problem) bool { return p.Severity == model.Fatal }

// sound adds a problem of a disk that is not damaged.
func (r *report) sound(severity model.Severity, advice, format string, args ...any) {
	n := len(*r)
	if r.add(severity, advice, format, args...); len(*r) > n {
		(*r)[n].Sound = true
	}
}

func (r *report) fatal(advice, format string, args ...any) {
	n := len(*r)
	r.add(model.Fatal, advice, format, args...)
	for i := range (*r)[n:] {
		(*r)[n+i].InTable = true
	}
}

// damage adds a warning about damage that the next change of the table repairs.
func (r *report) damage(advice, format string, args ...any) {
	n := len(*r)
	r.add(model.Warning, advice, format, args...)
	for i := range (*r)[n:] {
		(*r)[n+i].InTable = true
	}
}

// barred adds a fatal problem that no other table would cure.
func (r *report) barred(advice, format string, args ...any) {
	r.add(model.Fatal, advice, format, args...)
}

// cut adds a fatal problem that goes when the disk has so many sectors again. More than that were there before the cut.
func (r *report) cut(needs geometry.Sector, advice, format string, args ...any) {
	r.fatal(advice, format, args...)
	if last := &(*r)[len(*r)-1]; last.Advice == advice {
		last.Needs = needs
	}
}

func (r *report) warn(advice, format string, args ...any) {
	r.add(model.Warning, advice, format, args...)
}

// plainly says the problem that was just added in sentences without terms of the format.
func (r *report) plainly(format string, args ...any) {
	if n := len(*r); n > 0 && n < maxProblems { // otherwise it may have been left out
		(*r)[n-1].Plain = fmt.Sprintf(format, args...)
	}
}

func (r *report) note(advice, format string, args ...any) { r.add(model.Note, advice, format, args...) }

// check adds the invariants of the model that the disk breaks, unless a fatal problem already explains them.
func (r *report) check(d model.Disk, parts []model.Partition) {
	advice := "repair the table with `gdisk {target}` before changing anything"
	if d.Table.Kind == model.TableMBR {
		advice = "repair the table with `sfdisk {target}` or `testdisk {target}` before changing anything"
	}
	if slices.ContainsFunc(*r, isFatal) {
		return
	}
	for _, p := range model.Check(model.New(d, parts, nil)) {
		if p.Severity == model.Fatal {
			r.fatal(advice, "%s", p.Text)
		} else {
			r.add(p.Severity, advice, "%s", p.Text)
		}
		if p.Plain != "" {
			r.plainly("%s", p.Plain)
		}
	}
}

// cutOff returns advice for an image that is shorter than its table says.
func cutOff(bytes int64) string {
	return fmt.Sprintf("if it was cut off, enlarge the image, to %d bytes if all of it is to be as it was: "+
		"z in the editor, or the line `image size %dB` of a plan", bytes, bytes)
}
