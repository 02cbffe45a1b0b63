package cli

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestRenamed takes an image away from the journal of its interrupted commit: it is not taken for an empty one, and put
// together again both ways lead on.
func TestRenamed(t *testing.T) {
	t.Parallel()
	s := newSlow(t, slowData).of(t, people()[0])
	first, worker := s.halted(t, "committing: copy")
	first.signal(t, syscall.SIGKILL)
	first.end()
	send(t, worker, syscall.SIGKILL)
	workersGone(t, s.image)

	was := s.image
	s.image += ".moved"
	rename(t, was, s.image)
	const told = "a transaction of shunt was interrupted here"
	o := s.person.run(t, s.args("info")...)
	o.want(t, 0)
	if said := o.out + o.err; !strings.Contains(said, told) || !strings.Contains(said, "NAME.shunt") {
		t.Errorf("info says\n%s", said)
	}
	s.person.run(t, append(s.args("apply", "--yes"), s.plan)...).want(t, 1, told)
	s.person.run(t, s.args("recover")...).want(t, 0, "no unfinished transaction")

	rename(t, was+".shunt", s.image+".shunt")
	s.person.run(t, s.args("info")...).want(t, 3, "unfinished transaction")
	s.person.run(t, s.args("recover")...).want(t, 0, "Done")
	s.isAfter(t)
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
