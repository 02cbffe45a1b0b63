package ops

import (
	"fmt"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
)

// Consequences tells what the queue means beyond what each operation says, a sentence each, the gravest first: contents
// that are given up, boot loaders that may have to be installed again, numbers that change.
func (q Queue) Consequences() []string {
	var out []string
	if list := q.lost(); len(list) > 0 {
		out = append(out, "Gives up what is in "+strings.Join(list, ", ")+". Have a copy if any of it matters.")
	}
	if list := q.moved(); len(list) > 0 {
		out = append(out, "Moves "+strings.Join(list, ", ")+": a boot loader that finds it by place must be reinstalled.")
	}
	if list := q.renamed(); len(list) > 0 {
		out = append(out, "Gives other numbers: "+strings.Join(list, ", ")+". What names them by number must be told.")
	}
	return out
}

// lost lists the partitions whose contents are deleted, formatted or overwritten: `p6 (exfat "D")`.
func (q Queue) lost() []string {
	var out []string
	replaced := map[model.PartID]bool{}
	for _, op := range q.ops {
		if overwrites(op) {
			replaced[op.Part()] = true
		}
	}
	after := q.Preview()
	for _, was := range q.initial.Partitions() {
		if _, stays := after.Partition(was.ID); was.Role == model.Extended || stays && !replaced[was.ID] {
			continue
		}
		word := "unknown contents"
		if was.FS.Known() {
			word = string(was.FS.Kind)
		}
		if was.FS.Label != "" {
			word += " " + safetext.Quoted(safetext.Printable(was.FS.Label))
		}
		out = append(out, fmt.Sprintf("%s (%s)", was.Ref(), word))
	}
	if whole := q.initial.Whole; whole.Known() && !after.Whole.Known() {
		out = append(out, "the "+string(whole.Kind)+" on the disk")
	}
	return out
}

// moved lists the partitions that start elsewhere after the queue.
func (q Queue) moved() []string {
	var out []string
	after := q.Preview()
	for _, was := range q.initial.Partitions() {
		p, ok := after.Partition(was.ID)
		if ok && p.Span.Start != was.Span.Start && p.Role != model.Extended {
			out = append(out, p.Ref())
		}
	}
	return out
}

// renamed lists the partitions that have another number after the queue: "p6 becomes p5".
func (q Queue) renamed() []string {
	var out []string
	after := q.Preview()
	for _, was := range q.initial.Partitions() {
		if p, ok := after.Partition(was.ID); ok && p.Number != was.Number {
			out = append(out, was.Ref()+" becomes "+p.Ref())
		}
	}
	return out
}
