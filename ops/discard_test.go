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
	q = stage(t, q, ops.Discard{ID: 2})
	if fs := after(q, 2).FS; fs.Kind != model.Swap || fs.Label != "rest" || fs.UUID != "5d2b" || !fs.Dirty.OK() {
		t.Errorf("discarded: %+v", fs)
	}
	if said := strings.Join(q.Consequences(), "\n"); !strings.Contains(said, "Deletes everything in p2 (a hibernated system") {
		t.Errorf("consequences: %s", said)
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
