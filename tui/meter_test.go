package tui

import (
	"testing"
	"time"

	"shunt/geometry"
	"shunt/ops/report"
)

// snapshots are four a second of a copy whose speed, in MiB a second, is told for each second.
func snapshots(total geometry.Bytes, speeds ...int) []report.Progress {
	var list []report.Progress
	done, at := geometry.Bytes(0), time.Duration(0)
	for _, speed := range speeds {
		for range 4 {
			at += 250 * time.Millisecond
			done += geometry.Bytes(speed) * geometry.MiB / 4
			list = append(list, report.Progress{Phase: report.Committing, Elapsed: at, Done: min(done, total), Total: total})
		}
	}
	return list
}

func steady(speed, seconds int) []int {
	list := make([]int, seconds)
	for i := range list {
		list[i] = speed
	}
	return list
}

func TestMeter(t *testing.T) {
	const mib = geometry.MiB
	for name, c := range map[string]struct {
		speeds []int
		total  geometry.Bytes
		rate   int // MiB a second
		known  bool
		left   time.Duration
		near   time.Duration // how far from that it may be
	}{
		"nothing yet":             {nil, 100 * mib, 0, false, 0, 0},
		"too early to tell":       {steady(10, 1), 100 * mib, 0, false, 0, 0},
		"a rate, no time left":    {steady(10, 2), 100 * mib, 10, false, 0, 0},
		"both":                    {steady(10, 3), 100 * mib, 10, true, 7 * time.Second, time.Second / 10},
		"steady":                  {steady(10, 8), 100 * mib, 10, true, 2 * time.Second, time.Second / 10},
		"at the end":              {steady(10, 10), 100 * mib, 10, true, 0, time.Second / 10},
		"it got slow":             {append(steady(100, 10), steady(10, 8)...), 2080 * mib, 10, true, 100 * time.Second, 40 * time.Second},
		"it got fast":             {append(steady(10, 10), steady(100, 8)...), 1900 * mib, 100, true, 10 * time.Second, 8 * time.Second},
		"it stands still":         {append(steady(10, 5), steady(0, 8)...), 100 * mib, 0, false, 0, 0},
		"it stood still":          {append(steady(0, 8), steady(10, 8)...), 100 * mib, 10, true, 2 * time.Second, 3 * time.Second},
		"bytes are not counted":   {steady(0, 10), 0, 0, false, 0, 0},
		"a short stop is nothing": {append(append(steady(10, 6), 0), steady(10, 2)...), 200 * mib, 8, true, 14 * time.Second, 3 * time.Second},
	} {
		var m meter
		for _, p := range snapshots(c.total, c.speeds...) {
			m = m.add(p)
		}
		rate := int(m.rate()/float64(mib) + 0.5)
		if rate != c.rate || m.known != c.known || m.known && (m.left < c.left-c.near || m.left > c.left+c.near) {
			t.Errorf("%s: %d MiB/s, known %v, %v left; want %d, %v, %v", name, rate, m.known, m.left, c.rate, c.known, c.left)
		}
	}
}

// What is told does not jump: from one snapshot to the next it changes by no more than a part of the difference, also
// when the speed does.
func TestTimeLeftIsCalm(t *testing.T) {
	var m meter
	before, jumps := time.Duration(0), 0
	for i, p := range snapshots(4000*geometry.MiB, append(steady(100, 10), append([]int{0, 300, 0, 300, 10, 200}, steady(100, 10)...)...)...) {
		known := m.known
		m = m.add(p)
		if known && (m.left > before+2*time.Second || m.left < before-4*time.Second) {
			t.Errorf("snapshot %d: from %v to %v", i, before, m.left)
		}
		if known && m.left > before {
			jumps++
		}
		before = m.left
	}
	if jumps > 20 {
		t.Errorf("it went up %d times", jumps)
	}
}

// Another phase, another total or a time that went back begin anew.
func TestMeterBeginsAnew(t *testing.T) {
	var m meter
	for _, p := range snapshots(100*geometry.MiB, steady(10, 5)...) {
		m = m.add(p)
	}
	for name, p := range map[string]report.Progress{
		"total": {Elapsed: 6 * time.Second, Done: 60 * geometry.MiB, Total: 200 * geometry.MiB},
		"back":  {Elapsed: 6 * time.Second, Done: geometry.MiB, Total: 100 * geometry.MiB},
		"time":  {Elapsed: time.Second, Done: 60 * geometry.MiB, Total: 100 * geometry.MiB},
	} {
		if n := m.add(p); n.rate() != 0 || n.known || len(n.samples) != 1 {
			t.Errorf("%s: %+v", name, n)
		}
	}
	if n := m.add(report.Progress{Elapsed: 5 * time.Second, Done: 50 * geometry.MiB, Total: 100 * geometry.MiB}); len(n.samples) != len(m.samples) {
		t.Error("the same moment counts twice")
	}
}

func TestRoundLeft(t *testing.T) {
	for in, want := range map[time.Duration]time.Duration{
		1400 * time.Millisecond: time.Second, time.Minute: time.Minute, 63 * time.Second: 65 * time.Second,
		11*time.Minute + 40*time.Second: 12 * time.Minute,
	} {
		if got := roundLeft(in); got != want {
			t.Errorf("%v: %v, want %v", in, got, want)
		}
	}
}

func TestBarless(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"TERM": "xterm-256color"}, false},
		{map[string]string{"TERM": "linux"}, true},
		{map[string]string{"TERM": "xterm", "TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.5.14"}, true},
		{map[string]string{"TERM": "xterm", "TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.6.1"}, false},
		{map[string]string{"TERM": "xterm", "TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "4.0"}, false},
	} {
		if got := misreadsBar(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %v", c.env, got)
		}
	}
}
