package ops

import "shunt/model"

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
