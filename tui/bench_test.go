package tui_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"

	"shunt/geometry"
	"shunt/ops/report"
)

// wire counts what reaches the terminal, drawn by the renderer that the program uses.
type wire struct {
	out    bytes.Buffer
	screen uv.ScreenBuffer
	render *uv.TerminalRenderer
}

func newWire(width, height int) *wire {
	w := &wire{screen: uv.NewScreenBuffer(width, height)}
	w.render = uv.NewTerminalRenderer(&w.out, []string{"TERM=xterm-256color"})
	w.render.SetFullscreen(true)
	w.render.SetRelativeCursor(false)
	w.render.SetScrollOptim(true)
	w.render.SetColorProfile(colorprofile.ANSI256)
	return w
}

// send is how many bytes it takes to show a frame after the one before.
func (w *wire) send(t testing.TB, d *Driver) int {
	t.Helper()
	w.out.Reset()
	w.screen.Clear()
	uv.NewStyledString(d.Raw()).Draw(w.screen, w.screen.Bounds())
	w.render.Render(w.screen.RenderBuffer)
	if err := w.render.Flush(); err != nil {
		t.Fatal(err)
	}
	return w.out.Len()
}

// Over a slow line every byte counts: a step of the cursor, a character typed, and a snapshot of the progress
// stay small.
func TestBytesPerKey(t *testing.T) {
	target := Varied()
	d := open(t, target)
	d.Resize(140, 40)
	w := newWire(140, 40)
	t.Logf("first frame: %d bytes", w.send(t, d))
	most := func(what string, limit int) {
		t.Helper()
		n := w.send(t, d)
		t.Logf("%s: %d bytes", what, n)
		if n > limit {
			t.Errorf("%s takes %d bytes, more than %d", what, n, limit)
		}
	}
	d.Press("?")
	w.send(t, d)
	d.Press("esc")
	w.send(t, d)
	for range 8 {
		d.Hold("j")
		most("a step of the cursor", 400)
		d.catchUp()
		most("what follows it", 300)
	}
	for range 5 {
		d.Hold("k")
		most("a step back", 400)
	}
	d.catchUp()
	w.send(t, d)
	d.Advance(time.Second)
	most("the details of the row on which the cursor rests", 1000)
	d.Press("m")
	w.send(t, d)
	d.Press("+")
	most("the first character", 100)
	for _, c := range []string{"1", "2", "M"} {
		d.Press(c)
		most("a character", 250)
	}
}

// A snapshot of the progress four times a second is what a slow line has to carry for hours.
func TestBytesPerTick(t *testing.T) {
	target := Founding()
	d := open(t, target)
	d.Resize(140, 40)
	w := newWire(140, 40)
	tick := func(what string, p report.Progress) {
		t.Helper()
		title := d.View().WindowTitle
		d.Do(func() { last(t, target).Tell(p) })
		n := w.send(t, d)
		if now := d.View().WindowTitle; now != title {
			n += len("\x1b]2;\a\x1b]9;4;1;42\a") + len(now)
		}
		t.Logf("%s: %d bytes", what, n)
		if n > 400 {
			t.Errorf("%s takes %d bytes", what, n)
		}
	}
	story{t, d, target}.toRehearsal()
	w.send(t, d)
	for i := range 4 {
		tick("a snapshot of a rehearsal", report.Progress{
			Phase: report.Rehearsing, Step: 4, Steps: 7, Elapsed: 14*time.Second + time.Duration(i)*250*time.Millisecond,
			Running: 12*time.Second + time.Duration(i)*250*time.Millisecond, Said: "Pass 2: Checking directory structure", ToolShare: 300 + 20*i,
		})
	}
	d.Do(func() { last(t, target).Finish(passed()) })
	quietly(d)
	d.Press("y")
	for i := range 12 {
		p := report.Progress{
			Phase: report.Committing, Stage: "copy", Done: geometry.Bytes(400+i*7) * geometry.MiB, Total: 3 * geometry.GiB,
			Elapsed: 9*time.Second + time.Duration(i)*250*time.Millisecond, Running: 8*time.Second + time.Duration(i)*250*time.Millisecond,
		}
		if i == 0 {
			d.Do(func() { last(t, target).Tell(p) })
			w.send(t, d)
			continue
		}
		tick("a snapshot of a commit", p)
	}
}

// BenchmarkKey is a step of the cursor with its frame, on a crowded disk in a large window.
func BenchmarkKey(b *testing.B) {
	for name, target := range map[string]func() *Target{
		"founding": Founding, "128 partitions": func() *Target { return Many(128) },
	} {
		b.Run(name, func(b *testing.B) {
			d := open(b, target())
			d.Resize(140, 40)
			b.ResetTimer()
			for i := range b.N {
				d.Strike([]string{"j", "k"}[i%2])
			}
		})
	}
}

// BenchmarkType is a character in the Resize/Move dialog with its frame.
func BenchmarkType(b *testing.B) {
	d := open(b, Many(128))
	d.Resize(140, 40)
	d.Press("end", "up", "m")
	b.ResetTimer()
	for i := range b.N {
		d.Strike([]string{"1", "backspace"}[i%2])
	}
}

// BenchmarkRoom is a character in the Make room page with its frame, the plans being searched for meanwhile.
func BenchmarkRoom(b *testing.B) {
	d := open(b, Many(128))
	d.Resize(140, 40)
	d.Press("home", "g")
	d.Type("+1GiB")
	d.Contains("Make room for p1", "copies")
	b.ResetTimer()
	for i := range b.N {
		d.Strike([]string{"1", "backspace"}[i%2])
	}
}
