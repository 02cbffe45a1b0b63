package table

import (
	"fmt"
	"slices"

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

func (r *report) fatal(advice, format string, args ...any) {
	r.add(model.Fatal, advice, format, args...)
}

func (r *report) warn(advice, format string, args ...any) {
	r.add(model.Warning, advice, format, args...)
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
		r.add(p.Severity, advice, "%s", p.Text)
	}
}

// cutOff returns advice for an image that is shorter than its table says.
func cutOff(bytes int64) string {
	return fmt.Sprintf("if the image was cut off, make it %d bytes long again: `truncate --size %d {target}`", bytes, bytes)
}
