package ops

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Compile returns the steps that turn the initial disk into the preview, in order: the steps of each operation, then the
// one that writes the table if it changes. It leaves out checks of file systems that this machine cannot check or that no
// tool may open. It fails if the preview breaks an invariant of the disk.
func (q Queue) Compile() ([]Step, error) {
	var steps []Step
	for i := range q.ops {
		steps = append(steps, q.steps(i)...)
	}
	steps = q.sparing(steps)
	final := q.Preview()
	if q.alone() {
		return steps, nil
	}
	if err := sound("apply the queue", final); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if tableChanges(q.initial, final) {
		steps = append(steps, Step{Kind: StepWriteTable, Op: max(0, q.Len()-1), Ref: "table"})
	}
	return mountedLast(steps), nil
}

// mountedLast moves the steps that run after the commit to the end. It keeps only the last one for each partition, which
// has the final size.
func mountedLast(steps []Step) []Step {
	var first, last []Step
	for _, s := range steps {
		if s.Kind != StepGrowMounted {
			first = append(first, s)
			continue
		}
		last = slices.DeleteFunc(last, func(other Step) bool { return other.Part == s.Part })
		last = append(last, s)
	}
	return append(first, last...)
}

// steps returns the steps of operation i on this machine.
func (q Queue) steps(i int) []Step {
	after := q.Before(i + 1)
	steps := q.ops[i].Steps(q.Before(i), after)
	steps = slices.DeleteFunc(steps, func(s Step) bool {
		p, _ := after.Partition(s.Part)
		return q.env.Caps.For(model.Filesystem{Kind: s.FS, Elsewhere: p.FS.Elsewhere}).spares(s.Kind)
	})
	for j, s := range steps {
		steps[j].Op = i
		steps[j].Free = s.Kind == StepFindSpare && q.env.Caps.Of(s.FS).FreeKnown
	}
	return steps
}

// spares reports whether the kind of file system needs no step of this kind, because nothing can check it or because it
// does not store its position.
func (c Capability) spares(kind StepKind) bool {
	if kind == StepCheckFS || kind == StepRepairFS || kind == StepVerifyFS {
		return !c.Check.OK()
	}
	return kind == StepMoved && !c.KeepsPosition
}

// tableChanges reports whether the table must be written. A GPT must be written if the disk's size changes, because its
// backup belongs at the end.
func tableChanges(before, after model.Disk) bool {
	if before.Table.ID != after.Table.ID {
		return true // a new table has no ID yet
	}
	if before.Table != after.Table && (before.Table.Kind != model.TableMBR || after.Table.Kind != model.TableMBR) {
		return true
	}
	if before.Table.Kind == model.TableGPT && before.Sectors != after.Sectors {
		return true
	}
	return before.CuredBy(after) || !slices.EqualFunc(before.Partitions(), after.Partitions(), func(p, q model.Partition) bool {
		p.FS, q.FS = model.Filesystem{}, model.Filesystem{} // not in the table
		return p == q
	})
}

// moveBytes divides the n bytes of a moved window of p into bytes that are copied and bytes that are known to be free. If
// some are, both are estimates: the superblock counts what the rehearsal finds to be zeroes as used.
func moveBytes(env Env, p model.Partition, n geometry.Bytes) (copies, skipped geometry.Bytes) {
	if env.Caps.Of(p.FS.Kind).FreeKnown && p.FS.Dirty.OK() && p.FS.Used >= 0 && p.FS.Size > 0 {
		copies = min(p.FS.Used, n)
		return copies, n - copies
	}
	return n, 0
}
