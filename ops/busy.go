package ops

import (
	"errors"

	"shunt/model"
)

// inUse returns the reason why the contents of p must be left alone, or "". They must be if the running system uses them.
func inUse(p model.Partition) model.Reason {
	if !p.Use.Busy() {
		return ""
	}
	return model.Because("it is %s: %s", p.Use, p.Use.Way())
}

// online returns the reason why p cannot grow while it is in use, or "".
func online(env Env, p model.Partition) model.Reason {
	if p.Use.GrowsAt() == "" {
		return inUse(p)
	}
	if reason := env.Caps.For(p.FS).Online; !reason.OK() {
		return model.Because("%s, and it is %s: unmount it first", reason, p.Use)
	}
	return ""
}

// orFree completes the refusal of an edit of d: if only the use of partitions is in the way, it names these. possible
// reports whether the edit is possible on another disk.
func orFree(err error, d model.Disk, possible func(model.Disk) bool) error {
	r := new(Refusal)
	if !errors.As(err, &r) {
		return err
	}
	free := d
	var busy []model.PartID
	for p := range d.Each() {
		if !p.Use.Busy() {
			continue
		}
		alone := p
		if alone.Use = (model.Use{}); p.Use.Kind == model.Mounted && !p.Use.ReadOnly {
			alone.FS = p.FS.Checked() // it is marked as dirty while it is mounted, and clean when it is unmounted
		}
		if possible(d.With(alone)) {
			r.InUse = []model.PartID{p.ID}
			return err
		}
		busy, free = append(busy, p.ID), free.With(alone)
	}
	if len(busy) > 1 && possible(free) {
		r.InUse = busy
	}
	return err
}

// OrFree completes the refusal of all moves and sizes of a partition. If only its use is in the way, that is named.
func (r *Refusal) OrFree(d model.Disk, env Env, id model.PartID) *Refusal {
	_ = orFree(r, d, func(free model.Disk) bool { // r itself
		l := Limit(free, env, id)
		return l.Move.OK() || l.Grow.OK() || l.Shrink.OK()
	})
	return r
}

// undisturbed returns a *Refusal if an edit changes a partition in use in a way that the kernel cannot follow: another
// start, a shorter length, another number, or its deletion. Operations refuse most such edits themselves; undisturbed
// catches the rest.
func undisturbed(before, after model.Disk, op Operation) error {
	for p := range before.Each() {
		if !p.Use.Busy() {
			continue
		}
		q, stays := after.Partition(p.ID)
		var reason model.Reason
		switch {
		case !stays || before.Table.Kind != after.Table.Kind:
			reason = model.Because("%s is %s", p.Ref(), p.Use)
		case q.Number != p.Number:
			reason = model.Because("%s would become %s, and it is %s, so that the kernel cannot rename it", p.Ref(), q.Ref(), p.Use)
		case q.Span.Start != p.Span.Start || q.Span.Len() < p.Span.Len():
			reason = model.Because("%s is %s and must stay where it is", p.Ref(), p.Use)
		default:
			continue
		}
		return &Refusal{What: op.Describe(before).Do(), Reason: reason, Nearest: "unmount or stop it first"}
	}
	return nil
}
