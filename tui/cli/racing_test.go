package cli

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shunt/model/testneed"
)

var roundsFlag = flag.Int("rounds", 2, "how often to race against each other user of an image")

// rival is somebody who wants an image at the same moment as shunt.
type rival struct {
	name string
	// argv uses the image IMG until it is ended, or does what it does and ends.
	argv []string
	root bool
	end  string // a shell command that ends it where it does not end by itself
}

func rivals() []rival {
	return []rival{
		{name: "shunt"},
		{name: "qemu-nbd", argv: []string{"qemu-nbd", "-f", "raw", "-k", "SOCKET", "-t", "IMG"}},
		{name: "qemu-io", argv: []string{"qemu-io", "-f", "raw", "-c", "sleep 300", "IMG"}},
		{name: "losetup", argv: []string{"losetup", "-f", "IMG"}, root: true, end: "for l in $(losetup -j IMG -O NAME -n); do losetup -d $l; done"},
		{
			name: "mount", argv: []string{"mount", "-o", fmt.Sprintf("loop,ro,noload,offset=%d", slowFrom), "IMG", "DIR"},
			root: true, end: "umount DIR 2>/dev/null || true",
		},
	}
}

// TestRacing lets shunt and somebody else grasp for an image at the same moment, in both orders. Whoever comes second is
// refused: shunt by exit code 1, a name and an image that is as it was. Where shunt is done the image is as planned.
func TestRacing(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	s := newSlow(t, 2<<20)
	writeFile(t, s.plan, []byte("move 1 right 1MiB\n"))
	states := []string{s.before}
	reference := s.of(t, people()[0])
	for range 2 { // with two shunts it may be moved twice
		reference.person.run(t, "apply", "--yes", "--no-undo", reference.image, s.plan).want(t, 0)
		states = append(states, digest(t, reference.image))
	}
	for _, r := range rivals() {
		t.Run(r.name, func(t *testing.T) {
			if len(r.argv) > 0 {
				testneed.Tool(t, r.argv[0])
			}
			if r.root {
				testneed.Root(t)
				testneed.File(t, "/dev/loop-control")
			}
			won, lost := 0, 0
			for i := range *roundsFlag {
				if s.race(t, r, time.Duration(rng.Int63n(int64(120*time.Millisecond))), i%2 == 1, states) {
					won++
				} else {
					lost++
				}
				if t.Failed() {
					return
				}
			}
			t.Logf("shunt won %d times and was refused %d times", won, lost)
		})
	}
}

// race is one round; it reports whether shunt got the image.
func (s slow) race(t *testing.T, r rival, delay time.Duration, rivalFirst bool, states []string) bool {
	t.Helper()
	s = s.of(t, people()[0])
	dir := t.TempDir()
	fill := strings.NewReplacer("IMG", s.image, "DIR", dir, "SOCKET", filepath.Join(dir, "socket")).Replace
	apply := []string{"apply", "--yes", "--no-undo", s.image, s.plan}
	var other *exec.Cmd
	if r.argv == nil {
		other = s.person.program(t, apply...)
	} else {
		var argv []string
		for _, word := range r.argv {
			argv = append(argv, fill(word))
		}
		other = exec.Command(testneed.Tool(t, argv[0]), argv[1:]...)
	}
	var out bytes.Buffer
	other.Stdout, other.Stderr = &out, &out
	begin := func() {
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
	}
	self := s.person.program(t, apply...)
	var said bytes.Buffer
	self.Stdout, self.Stderr = &said, &said
	if rivalFirst {
		begin()
		<-time.After(delay)
	}
	if err := self.Start(); err != nil {
		t.Fatal(err)
	}
	if !rivalFirst {
		<-time.After(delay)
		begin()
	}
	_ = self.Wait() // the exit code tells
	o := outcome{self.ProcessState.ExitCode(), "", said.String()}
	if r.name == "qemu-nbd" {
		_ = other.Process.Kill() // it serves until it is told to stop
	}
	_ = other.Wait()
	if r.end != "" {
		sh(t, ".", fill(r.end))
	}
	workersGone(t, s.image)
	moves := 0
	for _, run := range []outcome{o, {other.ProcessState.ExitCode(), "", out.String()}} {
		if run.code == 0 && strings.Contains(run.err, "Done: the target is exactly as planned") && !strings.Contains(run.err, "under way") {
			moves++
		}
	}
	// What ties a file to a loop device holds it itself, until the device does.
	names := []string{r.name + " (pid ", "/dev/loop"}
	if r.argv == nil {
		names = []string{"another shunt (pid "}
	}
	named := func(name string) bool {
		// A loop device that came meanwhile uses the whole target, or a partition.
		if r.argv == nil && strings.Contains(o.err, "another commit was under way") {
			return true
		}
		used := strings.Contains(o.err, "is in use by") || strings.Contains(o.err, "is used by")
		return used && strings.Contains(o.err, name) || strings.Contains(o.err, "it is mounted read-only at ")
	}
	switch {
	case o.code == 1 && !slices.ContainsFunc(names, named):
		t.Errorf("refused without a name:\n%s", o.err)
	case o.code != 0 && o.code != 1:
		t.Errorf("shunt ended with %d; %s said %s\n%s", o.code, r.name, out.String(), o.err)
	case o.code == 1 && other.ProcessState.ExitCode() == 1:
		// Both grasped for it in the same instant and saw each other. QEMU gives up at once then, and on a busy machine it
		// may end only after shunt has waited for it. Nobody is in the way any more.
		t.Logf("both were refused:\n%s\n%s", o.err, out.String())
		s.person.run(t, apply...).want(t, 0)
		moves++
	}
	if got := digest(t, s.image); got != states[min(moves, len(states)-1)] {
		t.Errorf("after %d moves, after %v, rival first %v, the image is neither as it was nor as planned\n%s\n%s", moves, delay, rivalFirst, o.err, out.String())
	}
	return o.code == 0
}
