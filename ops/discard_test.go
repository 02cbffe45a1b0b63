package ops_test

import (
	"errors"
	"strings"
	"testing"

	"shunt/model"
	"shunt/ops"
)

// TestDiscard edits swap space with a hibernated system, which nothing but Discard may touch.
func TestDiscard(t *testing.T) {
	d := founding()
	p, _ := d.Partition(2)
	p.FS = model.Filesystem{Kind: model.SwSuspend, Trait: model.Hibernated, Label: "rest", UUID: "5d2b", Dirty: "holds a hibernated system"}
	q := ops.NewQueue(d.With(p), env())
	for _, op := range []ops.Operation{
		ops.MoveResize{ID: 2, Len: p.Span.Len() - 2048},
		ops.Delete{ID: 2},
		ops.Format{ID: 2, FS: model.Ext4},
		ops.Copy{ID: 3, From: 2, At: 1},
		ops.CopyOver{ID: 2, From: 1},
		ops.SetLabel{ID: 2, Label: "x"},
		ops.NewUUID{ID: 2},
		ops.NewTable{Kind: model.TableGPT},
	} {
		if _, err := q.Stage(op); err == nil || !strings.Contains(err.Error(), "hibernated") {
			t.Errorf("%T: %v", op, err)
		}
	}
	whole := d.Without(1).Without(2)
	whole.Table, whole.Whole = model.Table{}, p.FS
	if _, err := ops.NewQueue(whole, env()).Stage(ops.NewTable{Kind: model.TableGPT}); err == nil || !strings.Contains(err.Error(), "`discard 0`") {
		t.Errorf("a table over the whole swap space: %v", err)
	}
	q = stage(t, q, ops.Discard{ID: 2})
	if fs := after(q, 2).FS; fs.Kind != model.Swap || fs.Label != "rest" || fs.UUID != "5d2b" || !fs.Dirty.OK() {
		t.Errorf("discarded: %+v", fs)
	}
	if said := strings.Join(q.Consequences(), "\n"); !strings.Contains(said, "Deletes everything in p2 (a hibernated system") {
		t.Errorf("consequences: %s", said)
	}
	if said := stage(t, ops.NewQueue(d.With(p), env()), ops.Check{ID: 1}).Consequences(); len(said) != 1 || !strings.Contains(said[0], "sleeps in p2") {
		t.Errorf("another partition is edited: %q", said)
	}
	stage(t, q, ops.MoveResize{ID: 2, Len: p.Span.Len() - 2048}, ops.Format{ID: 2, FS: model.Ext4}, ops.Delete{ID: 2})
	refusal := new(ops.Refusal)
	for _, id := range []model.PartID{1, 9} {
		if _, err := q.Stage(ops.Discard{ID: id}); !errors.As(err, &refusal) {
			t.Errorf("p%d can be discarded: %v", id, err)
		}
	}
}

func after(q ops.Queue, id model.PartID) model.Partition {
	p, _ := q.Preview().Partition(id)
	return p
}
