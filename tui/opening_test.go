package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"shunt/ops"
)

// slowly opens nothing until it is told to.
type slowly struct {
	Backend
	tell chan func(string)
	end  chan struct{}
}

func (s slowly) Open(_ string, tell func(string)) (Target, error) {
	s.tell <- tell
	<-s.end
	return nil, errSlow
}

type slowError struct{}

func (slowError) Error() string { return "too slow" }

var errSlow = slowError{}

func (s slowly) Discover() ops.Env { return ops.Env{} }

// What is being done to a target that takes long to open is shown, the latest of it, and it can be left meanwhile.
func TestOpeningTells(t *testing.T) {
	b := slowly{tell: make(chan func(string)), end: make(chan struct{})}
	m := New(Options{Backend: b, Paths: []string{"/images/slow.raw"}})
	next, _ := m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	m, _ = next.(Model)
	batch, ok := openTarget(b, wallClock, "/images/slow.raw", m.docs[0].gen)().(tea.BatchMsg)
	if !ok || len(batch) != 2 {
		t.Fatalf("%v", batch)
	}
	opened := make(chan tea.Msg)
	go func() { opened <- batch[0]() }()
	tell := <-b.tell
	tell("reading the partition table")
	tell("looking into p3, 3 of 7")
	next, again := m.Update(batch[1]())
	m, _ = next.(Model)
	if text := ansi.Strip(m.View().Content); again == nil || !contains(text, "Now: looking into p3, 3 of 7", "ctrl+w to cancel") {
		t.Errorf("shows\n%s", text)
	}
	if got := m.View().WindowTitle; got != "shunt: slow.raw opening" {
		t.Errorf("title %q", got)
	}
	// Nothing new: what is shown stays.
	next, again = m.Update(again())
	m, _ = next.(Model)
	if text := ansi.Strip(m.View().Content); again == nil || !contains(text, "looking into p3") {
		t.Errorf("shows\n%s", text)
	}
	left, _ := m.Update(tea.KeyPressMsg{Code: 'w', Mod: tea.ModCtrl})
	if gone, _ := left.(Model); len(gone.docs) != 0 {
		t.Error("it cannot be left")
	}
	close(b.end)
	next, _ = m.Update(<-opened)
	m, _ = next.(Model)
	if _, again := m.stillOpening(0, "", nil); again != nil || m.docs[0].state != docRefused {
		t.Error("it is waited for after its end")
	}
	tell("too late") // is heard by nobody and blocks nobody
	tell("much too late")
}

func contains(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
