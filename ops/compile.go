package ops

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Compile lists the steps that turn the initial disk into the preview, in order: those of each operation, then the one that
// writes the table if it changes. Checks are left out for file systems that this machine cannot check, or no tool may. An
// error means that the preview breaks an invariant of the disk.
func (q Queue) Compile() ([]Step, error) {
	var steps []Step
	for i := range q.ops {
		steps = append(steps, q.steps(i)...)
	}
	final := q.Preview()
	if err := sound("apply the queue", final); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if tableChanges(q.initial, final) {
		steps = append(steps, Step{Kind: StepWriteTable, Op: max(0, q.Len()-1), Ref: "table"})
	}
	return mountedLast(steps), nil
}

// mountedLast is the steps with those at the end that run after the commit, one for each partition, which has its final
// size by then.
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

// steps is what operation i compiles to on this machine.
func (q Queue) steps(i int) []Step {
	after := q.Before(i + 1)
	steps := q.ops[i].Steps(q.Before(i), after)
	steps = slices.DeleteFunc(steps, func(s Step) bool {
		p, _ := after.Partition(s.Part)
		return q.env.Caps.For(model.Filesystem{Kind: s.FS, Elsewhere: p.FS.Elsewhere}).spares(s.Kind)
	})
	for j := range steps {
		steps[j].Op = i
	}
	return steps
}

// spares reports whether the kind of file system needs no step of this kind: nothing checks it, or it does not store its
// position.
func (c Capability) spares(kind StepKind) bool {
	if kind == StepCheckFS || kind == StepVerifyFS {
		return !c.Check.OK()
	}
	return kind == StepMoved && !c.KeepsPosition
}

// tableChanges reports whether the table must be written. A GPT must be if the size changes: its backup belongs at the end.
func tableChanges(before, after model.Disk) bool {
	if before.Table.ID != after.Table.ID {
		return true // a new one has none yet
	}
	if before.Table != after.Table && (before.Table.Kind != model.TableMBR || after.Table.Kind != model.TableMBR) {
		return true
	}
	if before.Table.Kind == model.TableGPT && before.Sectors != after.Sectors {
		return true
	}
	return !slices.EqualFunc(before.Partitions(), after.Partitions(), func(p, q model.Partition) bool {
		p.FS, q.FS = model.Filesystem{}, model.Filesystem{} // not in the table
		return p == q
	})
}

// moveBytes splits the n bytes of a moved window of p into what is copied and what is known to be free.
func moveBytes(env Env, p model.Partition, n geometry.Bytes) (copies, skipped geometry.Bytes) {
	if env.Caps.Of(p.FS.Kind).FreeKnown && p.FS.Dirty.OK() && p.FS.Used >= 0 && p.FS.Size > 0 {
		copies = min(p.FS.Used, n)
		return copies, n - copies
	}
	return n, 0
}
