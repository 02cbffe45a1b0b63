package journal

import (
	"testing"

	"shunt/ops/report"
)

// Each stage is called by words where people read it, in a commit and in a rollback.
func TestStagesHaveWords(t *testing.T) {
	t.Parallel()
	for s := StageFence; s <= StageKeep; s++ {
		for _, phase := range []report.Phase{report.Committing, report.Undoing} {
			at := report.Progress{Phase: phase, Stage: s.String()}
			if at.Words(report.Facts{}) == s.String() {
				t.Errorf("%s: %s has no words", phase, s)
			}
		}
	}
}
