// Package rescue plans how lost partitions return into the table. It is pure.
package rescue

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// A Left is a lost partition that does not return.
type Left struct {
	Index int   // in the list of the finds
	Err   error // a *ops.Refusal
}

// Stage returns the queue with the operations that put back those finds that return, and the finds that cannot return after
// all. A disk without a table gets a new one of this kind; TableNone chooses the likelier kind. The error is a *ops.Refusal if
// no table can be made, or if it would overwrite a find.
func Stage(q ops.Queue, found []model.Lost, kind model.TableKind) (ops.Queue, []Left, error) {
	fresh := Tableless(q.Preview())
	var err error
	if fresh {
		if kind == model.TableNone {
			kind = likelyTable(q.Preview(), found)
		}
		if q, err = q.Stage(ops.NewTable{Kind: kind}); err != nil {
			return q, nil, err
		}
	}
	q = withExtended(q, found)
	var left []Left
	for i, l := range found {
		if !l.Returns() {
			continue
		}
		next, err := Put(q, l)
		if err != nil && fresh && !q.Preview().Table.Usable.Encloses(l.Span) {
			return q, nil, err // the new table would lie there
		}
		if err != nil {
			left = append(left, Left{i, err})
			continue
		}
		q = next
	}
	return q, left, nil
}

// Tableless reports whether a partition can be put back on d only after a new table was made.
func Tableless(d model.Disk) bool {
	return d.Table.Kind == model.TableNone && d.Table.Foreign == "" || d.TableGone()
}

// Put returns the queue with the operation that puts one find back. The error is a *ops.Refusal.
func Put(q ops.Queue, l model.Lost) (ops.Queue, error) {
	d := q.Preview()
	op := ops.PutBack{
		ID: q.NextID(), At: l.Span.Start, Len: l.Span.Len(), Role: ops.LikelyRole(d, l.Span.Start), Held: l.FS,
	}
	if contents := q.Env().Contents; contents != nil {
		op.Held = contents(l.Span)
	}
	kind := d.Table.Kind
	op.Type = model.DefaultType(kind, op.Role, l.FS.Kind)
	if esp, ok := model.TypeByAlias(kind, "esp"); ok && l.ESP {
		op.Type = esp
	}
	if l.Listed == kind && l.Entry.Type != "" {
		op.Type, op.Name = l.Entry.Type, l.Entry.Name
		if kind == model.TableGPT {
			op.UUID = l.Entry.UUID
		}
	}
	next, err := q.Stage(op)
	if err != nil && op.UUID != "" {
		op.UUID = "" // another partition has it
		next, err = q.Stage(op)
	}
	return next, err
}

// likelyTable returns the kind of table that a disk had, as far as the finds tell: that of the remains, else a GPT if there is
// room for one around the finds.
func likelyTable(d model.Disk, found []model.Lost) model.TableKind {
	gpt := model.FreshTable(model.TableGPT, d.Sectors, d.SectorSize)
	for _, l := range found {
		if l.Returns() && l.Listed != model.TableNone {
			return l.Listed
		}
	}
	for _, l := range found {
		if l.Returns() && !gpt.Usable.Encloses(l.Span) {
			return model.TableMBR
		}
	}
	return model.TableGPT
}

// withExtended returns the queue with an extended partition for those finds that were logical ones, if there is none. Without
// room for it they return as primary partitions.
func withExtended(q ops.Queue, found []model.Lost) ops.Queue {
	d := q.Preview()
	if _, there := d.Extended(); there || d.Table.Kind != model.TableMBR {
		return q
	}
	var span geometry.Span
	for _, l := range found {
		if !l.Returns() || l.Entry.Role != model.Logical {
			continue
		}
		if span.Empty() {
			span = geometry.Span{Start: l.Entry.EBR, End: l.Span.End}
		}
		span.Start, span.End = min(span.Start, l.Entry.EBR), max(span.End, l.Span.End)
	}
	if span.Empty() {
		return q
	}
	made := ops.New{ID: q.NextID(), Role: model.Extended, At: span.Start, Len: span.Len()}
	next, err := q.Stage(made)
	if err != nil {
		return q
	}
	return next
}
