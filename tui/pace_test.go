package tui

import (
	"bytes"
	"io"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// asked is a model that asks its program for the ticker while it runs.
type asked struct {
	program *tea.Program
	found   *time.Ticker
}

func (a *asked) Init() tea.Cmd { return nil }

func (a *asked) Update(tea.Msg) (tea.Model, tea.Cmd) {
	a.found = tickerOf(a.program)
	return a, tea.Quit
}

func (a *asked) View() tea.View { return tea.NewView("x") }

// The library keeps its ticker where the pace looks for it: a later version that does not fails here.
func TestTickerIsFound(t *testing.T) {
	a := &asked{}
	in, _ := io.Pipe()
	a.program = tea.NewProgram(a, tea.WithInput(in), tea.WithOutput(&bytes.Buffer{}), tea.WithWindowSize(80, 24))
	if tickerOf(a.program) != nil {
		t.Error("a program that does not run has a ticker")
	}
	if _, err := a.program.Run(); err != nil {
		t.Fatal(err)
	}
	if a.found == nil {
		t.Error("the ticker of a program that runs is not found: its frames are drawn 60 times a second again")
	}
}

// After a frame the ticker runs fast, then calm, and slow once no other came for a while; only the last frame's rest counts.
func TestPace(t *testing.T) {
	p := &pace{ticker: time.NewTicker(time.Hour), hold: time.Hour}
	defer p.ticker.Stop()
	p.frame()
	<-p.ticker.C // would take an hour
	p.frame()
	p.rest(1, time.Hour)
	<-p.ticker.C
	if !p.fast {
		t.Error("the rest of an earlier frame slowed it down")
	}
	p.rest(2, paceCalm)
	if p.fast {
		t.Error("it is still fast")
	}
	// A frame that nobody has taken by now, as another was still being written, is not left until the next second.
	<-p.ticker.C
	<-p.ticker.C
	p.rest(2, paceSlow)
	(&pace{}).frame() // without a ticker nothing happens
}
