package journal

// Summary is what a journal says about its transaction, without the writes that make up most of it. It takes little memory,
// whatever the journal holds.
type Summary struct {
	// Program has only the units of the fence, and neither RestoreData nor RestoreTable.
	Program Program
	// Stages are the stages of the units, in their order.
	Stages []Steps
	// RestoreData and RestoreTable are the lengths of those lists.
	RestoreData, RestoreTable int
}

// Steps are N units of a stage, one behind the other.
type Steps struct {
	Stage Stage
	N     int
}

// maxRuns is more often than the stage changes in any commit: each stage comes once.
const maxRuns = 64

// add counts a unit. It is false if the stages come and go more often than those of a commit.
func (s *Summary) add(stage Stage) bool {
	if n := len(s.Stages); n > 0 && s.Stages[n-1].Stage == stage {
		s.Stages[n-1].N++
		return true
	}
	s.Stages = append(s.Stages, Steps{stage, 1})
	return len(s.Stages) <= maxRuns
}

// mostSteps is how many steps the transaction has at most, in either direction.
func (s *Summary) mostSteps() int64 {
	n := int64(len(s.Program.Refence) + s.RestoreTable + 3) // size before, old content, size after
	for _, run := range s.Stages {
		n += int64(run.N)
	}
	return n
}
