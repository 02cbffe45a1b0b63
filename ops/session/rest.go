package session

import (
	"errors"

	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/partfs"
	"shunt/ops/worker"
)

// A run rests while nobody waits for it: it rehearses in the background, or somebody has left its report. A run that rests
// has a low priority, and gives way: whatever else needs its target ends it first. A run that may write never rests.

// errNoAhead says that a rehearsal in the background would be noticed here.
var errNoAhead = errors.New("a rehearsal would show its view of the disk to all programs on this system: none begins in the background")

// StartAhead is Start in the background: the run rests from its beginning. It also fails if a rehearsal would take room for more
// than it may take unasked, or if others could notice it.
func (s *Session) StartAhead(q ops.Queue, options journal.Options) (*Run, error) {
	how, err := partfs.DetectIsolation()
	if err != nil {
		return nil, err
	}
	if how == partfs.SetuidHelper {
		return nil, errNoAhead
	}
	return s.start(q, options, true)
}

// Rest says that nobody waits for the rehearsal any more. It has no effect on a run that may write.
func (r *Run) Rest() {
	r.mu.Lock()
	rests := !r.writes
	r.rests = rests
	r.mu.Unlock()
	if rests {
		r.send(worker.Rest)
	}
}

// Resume says that somebody waits for the run again.
func (r *Run) Resume() {
	r.mu.Lock()
	r.rests = false
	r.mu.Unlock()
	r.send(worker.Resume)
}

func (r *Run) resting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rests
}

// giveWay ends a run that rests, and waits for its end.
func (r *Run) giveWay() {
	if r != nil && r.resting() {
		r.Cancel()
		<-r.ended
	}
}

// alone lets one method at a time work on the target, and ends a run that rests. The caller must call the result at its end.
func (s *Session) alone() (done func()) {
	s.one.Lock()
	s.latest.giveWay()
	return s.one.Unlock
}
