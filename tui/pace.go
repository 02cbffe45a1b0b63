package tui

import (
	"reflect"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Bubble Tea looks for a new frame 60 times a second, whether there is one or not: an editor that waits for a key uses the
// processor all the time, and a frame waits up to 17 ms for its turn. A pace changes the ticker behind that: it runs fast
// for a moment after each frame, then as the library has it, and all but stands still once nothing came for a while. Who
// is busy writing another frame to a terminal that takes it slowly looks for the last one no earlier than that is done.

const (
	paceFast = time.Millisecond
	paceCalm = time.Second / 60
	paceSlow = time.Second
	// paceHold is how long it runs fast, on a machine that is not busy long enough for the frame to be taken.
	paceHold = 8 * time.Millisecond
	// paceWhile is how long it goes on as the library has it.
	paceWhile = 2 * time.Second
)

// pace is the ticker of one program.
type pace struct {
	program *tea.Program
	hold    time.Duration

	mu     sync.Mutex
	ticker *time.Ticker // nil until the program has one
	fast   bool
	serial int // of the last frame
}

// tickerOf is the ticker of a program that runs. The library has no way to ask for it; where a later version keeps it
// elsewhere this is nil, and the pace is the library's.
func tickerOf(p *tea.Program) *time.Ticker {
	field := reflect.ValueOf(p).Elem().FieldByName("ticker")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	return (*time.Ticker)(field.UnsafePointer())
}

// frame is called when a frame is about to be handed over.
func (p *pace) frame() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticker == nil && p.program != nil {
		p.ticker = tickerOf(p.program)
	}
	if p.ticker == nil {
		return
	}
	if !p.fast {
		p.fast = true
		p.ticker.Reset(paceFast)
	}
	p.serial++
	serial := p.serial
	time.AfterFunc(p.hold, func() { p.rest(serial, paceCalm) })
	time.AfterFunc(p.hold+paceWhile, func() { p.rest(serial, paceSlow) })
}

// rest slows down, if no frame came after the one that asks for it.
func (p *pace) rest(serial int, to time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if serial == p.serial {
		p.fast = false
		p.ticker.Reset(to)
	}
}

// paced is the editor as the program runs it.
type paced struct {
	Model
	pace *pace
}

func (p paced) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	next, cmd := p.Model.Update(msg)
	if m, ok := next.(Model); ok {
		p.Model = m
	}
	return p, cmd
}

func (p paced) View() tea.View {
	v := p.Model.View()
	p.pace.frame()
	return v
}
