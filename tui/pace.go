package tui

import (
	"reflect"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Bubble Tea checks for a new frame 60 times a second, even if nothing happens. An idle editor would use the processor
// all the time, and a frame could wait up to 17 ms. A pace changes the ticker of the library: it runs fast for a moment
// after each frame, then at the normal rate, and almost stops when no frame came for a while. While a slow terminal is
// still taking a frame, the next check waits until that is done.

const (
	paceFast = time.Millisecond
	paceCalm = time.Second / 60
	paceSlow = time.Second
	// paceHold is how long the ticker runs fast: long enough for the library to take the frame unless the machine is
	// busy.
	paceHold = 8 * time.Millisecond
	// paceWhile is how long the ticker runs at the normal rate.
	paceWhile = 2 * time.Second
)

// pace controls the ticker of one program.
type pace struct {
	program *tea.Program
	hold    time.Duration

	mu     sync.Mutex
	ticker *time.Ticker // nil until the program has one
	fast   bool
	serial int // the number of the last frame
}

// tickerOf returns the ticker of a running program. The library has no function for this. The result is nil if a later
// version stores the ticker elsewhere; the pace is then the library's own.
func tickerOf(p *tea.Program) *time.Ticker {
	field := reflect.ValueOf(p).Elem().FieldByName("ticker")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	return (*time.Ticker)(field.UnsafePointer())
}

// frame is called before a frame is handed to the library.
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

// rest slows the ticker down if no frame came after the one with the given serial number.
func (p *pace) rest(serial int, to time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if serial == p.serial {
		p.fast = false
		p.ticker.Reset(to)
	}
}

// paced is the model that the program runs: the editor with its pace.
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
