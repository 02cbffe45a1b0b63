package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var (
	sequences = regexp.MustCompile(`\x1b\][^\x07\x1b]*(\x07|\x1b\\)`)
	bars      = regexp.MustCompile(`\x1b\]9;4;[0-9;]*`)
)

// bells counts those that a terminal would ring.
func (o onTerminal) bells() int {
	return strings.Count(sequences.ReplaceAllString(o.said.String(), ""), "\a")
}

// bar is the state of the terminal's progress bar that was set last, "" if none ever was.
func (o onTerminal) bar() string {
	list := bars.FindAllString(o.said.String(), -1)
	if len(list) == 0 {
		return ""
	}
	return strings.TrimPrefix(list[len(list)-1], "\x1b]9;4;")
}

// shows waits for bytes that a terminal obeys and does not show.
func (o onTerminal) shows(t *testing.T, bytes string) {
	t.Helper()
	eventually(t, bytes, func() bool { return strings.Contains(o.said.String(), bytes) })
}

// slowCheck is an environment in which e2fsck takes its time, in seconds, before it begins.
func slowCheck(t *testing.T, seconds string) []string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\necho 'Pass 1: taking my time'\nsleep " + seconds + "\nPATH=/usr/sbin:/sbin:/usr/bin:/bin exec e2fsck \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "e2fsck"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{"PATH=" + dir + ":/usr/local/sbin:/usr/sbin:/sbin:" + os.Getenv("PATH")}
}

// rehearsing begins a rehearsal in which the first check takes its time, and waits until it does.
func rehearsing(t *testing.T, s slow, seconds string) onTerminal {
	t.Helper()
	o := s.person.showIn(t, slowCheck(t, seconds), s.image)
	o.sees(t, "ext4")
	o.press(t, "m")
	o.sees(t, "Move")
	o.press(t, "+160MiB")
	o.press(t, "\r")
	o.sees(t, "1 pending")
	if o.bar() != "" || o.bells() != 0 {
		t.Errorf("before any run: bar %q, %d bells", o.bar(), o.bells())
	}
	o.press(t, "a")
	o.sees(t, "Pass 1: taking my time")
	return o
}

// TestSignsOnTerminal follows a rehearsal and its commit by what reaches a terminal besides the screen: the title, the
// progress bar and the bell. The rehearsal takes long enough for a bell.
func TestSignsOnTerminal(t *testing.T) {
	s := newSlow(t, slowData).of(t, people()[0])
	o := rehearsing(t, s, "2.2")
	if n := o.bells(); n != 0 {
		t.Errorf("%d bells before the end", n)
	}
	o.sees(t, "Yes, apply")
	o.shows(t, "\x1b]2;shunt: slow.raw asks\x07")
	eventually(t, "bell", func() bool { return o.bells() > 0 })
	if n := o.bells(); n != 1 || o.bar() != "4;100" {
		t.Errorf("at the question: %d bells, bar %q", n, o.bar())
	}
	sayYes(t, o, s.image)
	o.sees(t, "exactly as planned")
	o.shows(t, "\x1b]2;shunt: slow.raw done\x07")
	eventually(t, "cleared bar", func() bool { return o.bar() == "0" })
	leave(t, o)
	if n := o.bells(); n > 2 {
		t.Errorf("%d bells", n)
	}
	s.isAfter(t)
}

// TestBarIsCleared ends the program in the middle of a rehearsal: no bar stays in the terminal.
func TestBarIsCleared(t *testing.T) {
	s := newSlow(t, slowData).of(t, people()[0])
	o := rehearsing(t, s, "1000")
	eventually(t, "a bar", func() bool { return o.bar() != "" && o.bar() != "0" })
	o.signal(t, syscall.SIGTERM)
	o.end()
	if o.bar() != "0" {
		t.Errorf("the bar that stays is %q", o.bar())
	}
	workersGone(t, s.image)
	if _, err := os.Stat(filepath.Join(s.image+".shunt", "journal")); err == nil {
		t.Error("a journal is left")
	}
	s.isBefore(t)
}
