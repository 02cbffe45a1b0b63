package cli

import (
	"testing"

	"shunt/tui"
)

// closes is a target that counts how often it is closed.
type closes struct {
	tui.Target
	n int
}

func (c *closes) Close() error {
	c.n++
	return nil
}

// Whoever leaves the editor while a target is being opened does not wait for that.
func TestLeavingWhileItOpens(t *testing.T) {
	for _, taken := range []bool{false, true} {
		a := &ahead{path: "slow", done: make(chan struct{})}
		a.taken.Store(taken)
		if err := a.close(); err != nil { // it would wait forever
			t.Error(err)
		}
	}
}

// A target is closed once: by the editor that has taken it, or where it was begun.
func TestAheadClosesOnce(t *testing.T) {
	for _, taken := range []bool{false, true} {
		c := &closes{}
		a := &ahead{path: "p", done: make(chan struct{}), target: c}
		close(a.done)
		if a.take("another", nil) {
			t.Error("it was given for another path")
		}
		if taken && (!a.take("p", nil) || a.take("p", nil)) {
			t.Error("it was not given exactly once")
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
		if want := map[bool]int{false: 1, true: 0}[taken]; c.n != want {
			t.Errorf("taken %v: closed %d times", taken, c.n)
		}
	}
}
