package ops

import "shunt/model"

// inUse is why the contents of p must be left alone because the running system uses them, or "".
func inUse(p model.Partition) model.Reason {
	if !p.Use.Busy() {
		return ""
	}
	return model.Because("it is %s: %s", p.Use, p.Use.Way())
}

// online is why p, which is in use, cannot grow as it is, or "".
func online(env Env, p model.Partition) model.Reason {
	if p.Use.GrowsAt() == "" {
		return inUse(p)
	}
	if reason := env.Caps.For(p.FS).Online; !reason.OK() {
		return model.Because("%s, and it is %s: unmount it first", reason, p.Use)
	}
	return ""
}

// undisturbed is a *Refusal if the edit asks of a partition in use what the kernel cannot do: to begin elsewhere, to
// become shorter, to go or to be called by another number. Operations refuse what they know to be impossible
// themselves; this is the net under them.
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
		return &Refusal{What: lowered(op.Describe(before)), Reason: reason, Nearest: "unmount or stop it first"}
	}
	return nil
}
