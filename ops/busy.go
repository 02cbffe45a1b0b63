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

// undisturbed is a *Refusal if the kernel cannot do an edit to a partition in use: to begin elsewhere, to become shorter,
// to go or to get another number. Operations refuse what they know to be impossible; this catches the rest.
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
