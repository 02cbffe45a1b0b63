package journal

import (
	"testing"

	"shunt/ops/report"
)

// Each stage is called by words where people read it.
func TestStagesHaveWords(t *testing.T) {
	t.Parallel()
	for s := StageFence; s <= StageKeep; s++ {
		if report.StageWords(s.String()) == s.String() {
			t.Errorf("%s has no words", s)
		}
	}
}
