package txn

import (
	"math/rand"
	"testing"

	"shunt/ops/target"
)

// Nothing is copied to where no partition lies in the end, in all plans.
func TestDeletedIsNotCopied(t *testing.T) {
	deleting := 0
	for _, p := range plans() {
		if len(p.tools) > 0 || p.busy > 0 {
			continue
		}
		rng := rand.New(rand.NewSource(1))
		w := newPlanned(t, p, p.image(t, rng), rng)
		var inside []byteRange
		for _, q := range w.real.after.Partitions() {
			inside = append(inside, byteRange{int64(q.Span.Start) * sec, int64(q.Span.End) * sec})
		}
		if len(inside) < len(w.real.before.Partitions()) {
			deleting++
		}
		for _, e := range w.pieces {
			if e.Kind == target.Move && len(newRanges(inside).within(e.Off, e.Off+e.Len)) == 0 {
				t.Errorf("%s: %d bytes are copied to %d, where nothing lies", p.name, e.Len, e.Off)
			}
		}
	}
	if deleting < 2 {
		t.Errorf("only %d plans delete something", deleting)
	}
}
