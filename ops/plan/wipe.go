package plan

import "shunt/ops"

// wipe parses the words behind "wipe".
func (l *line) wipe() ops.Operation {
	op := ops.Wipe{Free: l.more("free")}
	if !op.Free {
		op.ID = l.partition().ID
	}
	op.Random = l.more("random")
	return op
}

func (w *writer) wipe(op ops.Wipe) {
	if op.Free {
		w.add("wipe", "free")
	} else {
		w.edit("wipe", op.ID)
	}
	if op.Random {
		w.add("random")
	}
}
