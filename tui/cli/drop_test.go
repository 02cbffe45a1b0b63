package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// slowData is how many bytes the commits of these tests move: with the sync behind it that takes several times as long as
// stopping the worker.
const slowData = 120 << 20

// TestDropped takes away the program, its worker or the user's patience at given moments.
func TestDropped(t *testing.T) {
	original := newSlow(t, slowData)
	self, other := people()[0], people()[len(people())-1]
	for name, test := range map[string]func(t *testing.T){
		"parent killed":            func(t *testing.T) { parentGone(t, original.of(t, self), syscall.SIGKILL, "") },
		"parent hung up":           func(t *testing.T) { parentGone(t, original.of(t, other), syscall.SIGHUP, other.dir(t)) },
		"finished meanwhile":       func(t *testing.T) { finishedMeanwhile(t, original.of(t, self)) },
		"interrupted":              func(t *testing.T) { stopped(t, original.of(t, self), interrupt, true) },
		"worker terminated":        func(t *testing.T) { stopped(t, original.of(t, self), terminateWorker, false) },
		"followers leave":          func(t *testing.T) { followersLeave(t, original.of(t, self)) },
		"rehearsal, interrupted":   func(t *testing.T) { stoppedEarly(t, original.of(t, self), syscall.SIGINT) },
		"rehearsal, terminated":    func(t *testing.T) { stoppedEarly(t, original.of(t, self), syscall.SIGTERM) },
		"rehearsal, hung up":       func(t *testing.T) { stoppedEarly(t, original.of(t, other), syscall.SIGHUP) },
		"rehearsal, killed":        func(t *testing.T) { stoppedEarly(t, original.of(t, other), syscall.SIGKILL) },
		"rehearsal, worker killed": func(t *testing.T) { workerKilledEarly(t, original.of(t, self)) },
		"recovery, parent killed":  func(t *testing.T) { recoveryAlone(t, original.of(t, self)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// parentGone takes the program away while its worker commits. The worker goes on; who comes then follows it.
func parentGone(t *testing.T, s slow, sig syscall.Signal, journal string) {
	t.Helper()
	parent := filepath.Dir(s.image)
	if journal != "" {
		parent, s.flags = journal, []string{"--journal", journal}
	}
	first, worker := s.halted(t, "committing: copy")
	first.signal(t, sig)
	if o := first.end(); o.code != -1 {
		t.Fatalf("the program ended with %d", o.code)
	}
	follower := s.person.begin(t, s.args("recover")...)
	follower.connected(t)
	// These are asked for something else, which is not done.
	others := []begun{
		s.person.begin(t, append(s.args("apply", "--yes"), "label", "1", "other")...),
		s.person.begin(t, append(s.args("apply", "--yes", "--json"), "label", "1", "other")...),
		s.person.begin(t, s.args("undo", "--yes")...),
	}
	for _, o := range others {
		o.connected(t)
	}
	info := s.person.begin(t, s.args("info")...) // the last one, since it does not wait long
	info.connected(t)
	send(t, worker, syscall.SIGCONT)

	info.end().want(t, 3, "a commit is under way, committing: ")
	follower.end().want(t, 0, "A commit is under way", "Done: the target is exactly as planned")
	for _, o := range others {
		o.end().want(t, exitRefused, "A commit is under way", "That commit has ended: the target is exactly as planned", "was not done", "run the command again now")
	}
	if said := others[1].said.String(); !strings.Contains(said, `{"followed":{"outcome":"done"`) || !strings.Contains(said, `{"result":{"outcome":"unchanged"`) {
		t.Errorf("as JSON: %s", said)
	}
	workersGone(t, s.image)
	s.isAfter(t)
	tidy(t, s.image, parent)
	again := s.person.run(t, s.args("recover")...)
	again.want(t, 0, "has no unfinished transaction")
	if strings.Contains(again.err, "ended at") {
		t.Errorf("told twice: %s", again.err)
	}
}

// finishedMeanwhile looks at a target whose commit ended while nobody was there: the next start tells, once.
func finishedMeanwhile(t *testing.T, s slow) {
	t.Helper()
	first, worker := s.halted(t, "committing: copy")
	first.signal(t, syscall.SIGKILL)
	first.end()
	send(t, worker, syscall.SIGCONT)
	workersGone(t, s.image)
	if _, err := os.Stat(s.image + ".shunt/result.json"); err != nil {
		t.Error(err)
	}
	s.person.run(t, s.args("info")...).want(t, 0)
	s.person.run(t, s.args("recover")...).want(t, 0, "The last commit of "+s.image+" ended at", "exactly as planned")
	s.isAfter(t)
	again := s.person.run(t, s.args("recover")...)
	again.want(t, 0, "has no unfinished transaction")
	if strings.Contains(again.err, "ended at") {
		t.Errorf("told twice: %s", again.err)
	}
}

// stopped asks a commit to stop: it does between two steps, says what to do, and can be ended both ways. stop is done
// while the worker is held, and returns the run whose end is looked at.
func stopped(t *testing.T, s slow, stop func(t *testing.T, s slow, first begun, worker int) begun, back bool) {
	t.Helper()
	first, worker := s.halted(t, "committing: copy")
	who := stop(t, s, first, worker)
	send(t, worker, syscall.SIGCONT)
	who.end().want(t, 4, "stopped between two steps", "Nothing is lost", "shunt recover", "--rollback")
	workersGone(t, s.image)
	s.person.run(t, s.args("info")...).want(t, 3, "unfinished transaction")
	if s.person.uid < 0 {
		s.person.run(t, s.args("attach")...).want(t, 3, "unfinished transaction")
		s.person.run(t, append(s.args("mount"), "1")...).want(t, 3, "unfinished transaction")
	}
	if back {
		s.person.run(t, s.args("recover", "--rollback")...).want(t, 0, "Rolled back")
		s.isBefore(t)
		return
	}
	s.person.run(t, s.args("recover")...).want(t, 0, "Done")
	s.isAfter(t)
}

func interrupt(t *testing.T, _ slow, first begun, _ int) begun {
	t.Helper()
	first.signal(t, syscall.SIGINT)
	first.waitFor(t, "Stopping at the next safe point")
	return first
}

func terminateWorker(t *testing.T, _ slow, first begun, worker int) begun {
	t.Helper()
	send(t, worker, syscall.SIGTERM)
	return first
}

// followersLeave stops commands that only follow the commit of another process: the commit goes on, and its own program shows
// its end.
func followersLeave(t *testing.T, s slow) {
	t.Helper()
	first, worker := s.halted(t, "committing: copy")
	followers := []begun{
		s.person.begin(t, s.args("recover")...),
		s.person.begin(t, append(s.args("apply", "--yes", "--json"), "label", "1", "other")...),
	}
	for i, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		followers[i].connected(t)
		followers[i].signal(t, sig)
	}
	send(t, worker, syscall.SIGCONT)
	for _, f := range followers {
		f.end().want(t, exitUnfinished, "A commit is under way", "has stopped following", "That commit goes on", "shunt recover")
	}
	if said := followers[1].said.String(); !strings.Contains(said, `{"result":{"outcome":"unchanged"`) {
		t.Errorf("as JSON: %s", said)
	}
	first.end().want(t, exitDone, "Done: the target is exactly as planned")
	workersGone(t, s.image)
	s.isAfter(t)
}

// stoppedEarly asks a run to stop before its commit, or kills it: the target is untouched and nothing is left.
func stoppedEarly(t *testing.T, s slow, sig syscall.Signal) {
	t.Helper()
	first, worker := s.haltedEarly(t)
	first.signal(t, sig)
	code, words := -1, []string{}
	if sig == syscall.SIGINT || sig == syscall.SIGTERM {
		code, words = 1, []string{"cancelled", "unchanged"}
		first.waitFor(t, "Stopping at the next safe point")
	}
	send(t, worker, syscall.SIGCONT)
	first.end().want(t, code, words...)
	workersGone(t, s.image)
	s.isBefore(t)
}

// workerKilledEarly takes the worker away before anything is written, as a machine without memory does. That nothing was
// written is known then, and said: nobody is sent to recover.
func workerKilledEarly(t *testing.T, s slow) {
	t.Helper()
	first, worker := s.haltedEarly(t)
	send(t, worker, syscall.SIGKILL)
	first.end().want(t, exitRefused, "signal: killed", "left the target unchanged")
	workersGone(t, s.image)
	if digest(t, s.image) != s.before {
		t.Error("the image is not as it was")
	}
	s.person.run(t, append(s.args("apply", "--rehearse"), s.plan)...).want(t, exitDone)
	s.isBefore(t)
}

// haltedEarly is halted in the rehearsal, with a check that takes long enough for that however busy the machine is.
func (s slow) haltedEarly(t *testing.T) (parent begun, worker int) {
	t.Helper()
	s.person.bin = t.TempDir()
	sh(t, s.person.bin, "real=$(command -v e2fsck); printf '#!/bin/sh\nsleep 3\nexec %s \"$@\"\n' \"$real\" >e2fsck; chmod 755 . .. e2fsck")
	return s.halted(t, "rehearsing: ")
}

// recoveryAlone takes the program away from a roll back.
func recoveryAlone(t *testing.T, s slow) {
	t.Helper()
	for range mostTries {
		first, worker := s.halted(t, "committing: writing new data")
		send(t, worker, syscall.SIGTERM)
		send(t, worker, syscall.SIGCONT)
		if first.end().code == exitDone { // there was no point to stop at any more
			s.takenBack(t, first)
			continue
		}
		workersGone(t, s.image)
		if s.backAlone(t) {
			return
		}
	}
	t.Error("each roll back was over before the program was killed, or its end was never shown")
}

// backAlone rolls back, and reports whether the program was killed before it knew how that ended.
func (s slow) backAlone(t *testing.T) bool {
	t.Helper()
	second := s.person.begin(t, s.args("recover", "--rollback")...)
	second.says(t, "rolling back: copy")
	second.signal(t, syscall.SIGKILL)
	second.end()
	third := s.person.run(t, s.args("recover")...)
	third.want(t, exitDone)
	workersGone(t, s.image)
	s.isBefore(t)
	return strings.Contains(third.err, "A commit is under way") || strings.Contains(third.err, "The last recovery of")
}
