package tui_test

import (
	"cmp"
	"reflect"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/tui"
	"shunt/tui/keymap"
)

// Driver runs a model as Bubble Tea would, step by step.
type Driver struct {
	t             testing.TB
	idle          *idle
	model         tea.Model
	width, height int
	now           time.Duration
	timers        []timer
	soon          []func() tea.Msg // timers that go off before the next key of Press
	inbox         []delivery
	seq           int
	quit          bool
	bells         int
	blind         bool
}

// timer is a message that the clock will send.
type timer struct {
	due time.Duration
	seq int
	fn  func() tea.Msg
}

// delivery is the messages of a command; seq is the order of the commands.
type delivery struct {
	seq  int
	msgs []tea.Msg
}

// Start runs the editor on stand-ins for targets in a window of width by height cells.
func Start(t testing.TB, width, height int, o tui.Options, backend *Backend) *Driver {
	t.Helper()
	d := &Driver{t: t, idle: newIdle(), width: width, height: height}
	backend.idle = d.idle
	o.Backend, o.Clock = backend, d.clock
	d.model = tui.New(o)
	d.start(d.model.Init())
	d.Send(tea.WindowSizeMsg{Width: width, Height: height})
	return d
}

// clock is the Clock of the model: its timers wait for Advance.
func (d *Driver) clock(after time.Duration, fn func() tea.Msg) tea.Cmd {
	return func() tea.Msg {
		d.idle.do(func() {
			if after == tui.CatchUpTime {
				d.soon = append(d.soon, fn)
				return
			}
			d.seq++
			d.timers = append(d.timers, timer{due: d.now + after, seq: d.seq, fn: fn})
		})
		return nil
	}
}

// Advance lets time pass; timers that are due by then go off in order.
func (d *Driver) Advance(by time.Duration) {
	d.t.Helper()
	var due []timer
	d.idle.do(func() {
		d.now += by
		slices.SortStableFunc(d.timers, func(a, b timer) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.seq, b.seq)) })
		for len(d.timers) > 0 && d.timers[0].due <= d.now {
			due = append(due, d.timers[0])
			d.timers = d.timers[1:]
		}
	})
	d.catchUp()
	for _, t := range due {
		d.Send(t.fn())
	}
}

// start runs a command on its own; what it brings is delivered by settle.
func (d *Driver) start(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	d.idle.mu.Lock()
	d.seq++
	seq := d.seq
	d.idle.active++
	d.idle.mu.Unlock()
	go func() {
		msgs := unpackSequence(cmd())
		d.idle.do(func() {
			d.inbox = append(d.inbox, delivery{seq: seq, msgs: msgs})
			d.idle.active--
		})
	}()
}

// unpackSequence runs the commands of a sequence one after the other. Its type is private to Bubble Tea;
// it is a slice of commands and not the type of a batch.
func unpackSequence(msg tea.Msg) []tea.Msg {
	if msg == nil {
		return nil
	}
	v := reflect.ValueOf(msg)
	if _, batch := msg.(tea.BatchMsg); batch || v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
		return []tea.Msg{msg}
	}
	var out []tea.Msg
	for i := range v.Len() {
		if cmd, ok := v.Index(i).Interface().(tea.Cmd); ok && cmd != nil {
			out = append(out, unpackSequence(cmd())...)
		}
	}
	return out
}

// Send gives the model a message and runs everything that follows from it.
func (d *Driver) Send(msg tea.Msg) {
	d.t.Helper()
	d.update(msg)
	d.settle()
}

// Do changes the outside world, such as a stand-in for a run, and runs everything that follows from it.
func (d *Driver) Do(fn func()) {
	d.t.Helper()
	d.idle.do(fn)
	d.settle()
}

func (d *Driver) update(msg tea.Msg) {
	d.t.Helper()
	switch msg := msg.(type) {
	case nil:
		return
	case tea.BatchMsg:
		for _, cmd := range msg {
			d.start(cmd)
		}
		return
	case tea.QuitMsg:
		d.quit = true
		return
	case tea.RawMsg:
		if msg.Msg == "\a" {
			d.bells++
		}
	case tea.WindowSizeMsg:
		d.width, d.height = msg.Width, msg.Height
	}
	var cmd tea.Cmd
	d.model, cmd = d.model.Update(msg)
	d.start(cmd)
	d.check()
}

// settle delivers messages until no command is at work and none is left.
func (d *Driver) settle() {
	d.t.Helper()
	for {
		d.idle.mu.Lock()
		for d.idle.active > 0 {
			d.idle.change.Wait()
		}
		inbox := d.inbox
		d.inbox = nil
		d.idle.mu.Unlock()
		if len(inbox) == 0 {
			return
		}
		slices.SortFunc(inbox, func(a, b delivery) int { return cmp.Compare(a.seq, b.seq) })
		for _, one := range inbox {
			for _, msg := range one.msgs {
				d.update(msg)
			}
		}
	}
}

// Resize changes the size of the window.
func (d *Driver) Resize(width, height int) {
	d.t.Helper()
	d.Send(tea.WindowSizeMsg{Width: width, Height: height})
}

// Press presses keys by their names, as key bindings have them: "z", "X", "enter", "shift+tab", "ctrl+r". Between two keys
// passes enough time for the screen to follow the cursor, and no more.
func (d *Driver) Press(names ...string) {
	d.t.Helper()
	for _, name := range names {
		msg := keymap.Event(name)
		if got := msg.String(); got != name {
			d.t.Fatalf("key %q would arrive as %q", name, got)
		}
		d.Send(msg)
		d.catchUp()
	}
}

// Hold presses a key that is held down: the next one comes before the screen follows the cursor.
func (d *Driver) Hold(name string) {
	d.t.Helper()
	d.Send(keymap.Event(name))
}

// catchUp lets the screen follow the cursor.
func (d *Driver) catchUp() {
	d.t.Helper()
	for len(d.soon) > 0 {
		fn := d.soon[0]
		d.soon = d.soon[1:]
		d.Send(fn())
	}
}

// Burst presses keys that all arrive before any command of theirs has ended.
func (d *Driver) Burst(names ...string) {
	d.t.Helper()
	for _, name := range names {
		d.update(keymap.Event(name))
	}
	d.settle()
}

// Strike is a key and its frame, for benchmarks: the commands of the key do not run.
func (d *Driver) Strike(name string) {
	d.t.Helper()
	d.model, _ = d.model.Update(keymap.Event(name))
	d.model.View()
}

// Type types a text, one key for each character.
func (d *Driver) Type(text string) {
	d.t.Helper()
	for _, r := range text {
		if r == ' ' {
			d.Press("space")
			continue
		}
		d.Press(string(r))
	}
}

// Model is the editor as it stands.
func (d *Driver) Model() tea.Model { return d.model }

// Blind stops the check of each frame, which takes most of the time, for tests of very many orders of keys.
func (d *Driver) Blind() { d.blind = true }

// View is what the model shows.
func (d *Driver) View() tea.View { return d.model.View() }

// Bells is how often the bell rang.
func (d *Driver) Bells() int { return d.bells }

// Quit reports whether the program has ended.
func (d *Driver) Quit() bool { return d.quit }
