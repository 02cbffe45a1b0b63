package journal

// A Summary describes a transaction without the writes that make up most of its journal. It takes little memory, however
// long the journal is.
type Summary struct {
	// Program has only the units of the fence, and neither RestoreData nor RestoreTable.
	Program Program
	// Stages lists how many units each stage has, in the order of the units.
	Stages []Steps
	// RestoreData and RestoreTable are the lengths of those lists.
	RestoreData, RestoreTable int
}

// Steps stands for N consecutive units of a stage.
type Steps struct {
	Stage Stage
	N     int
}

// maxRuns limits the length of Summary.Stages. A commit needs far fewer, since each of its stages comes once.
const maxRuns = 64

// add counts a unit. It reports whether Stages is still as short as that of a commit can be.
func (s *Summary) add(stage Stage) bool {
	if n := len(s.Stages); n > 0 && s.Stages[n-1].Stage == stage {
		s.Stages[n-1].N++
		return true
	}
	s.Stages = append(s.Stages, Steps{stage, 1})
	return len(s.Stages) <= maxRuns
}

// mostSteps returns an upper limit for the number of units in either direction.
func (s *Summary) mostSteps() int64 {
	n := int64(len(s.Program.Refence) + s.RestoreTable + 3) // size before, old content, size after
	for _, run := range s.Stages {
		n += int64(run.N)
	}
	return n
}
