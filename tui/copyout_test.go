package tui_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"shunt/ops/report"
	"shunt/tui"
)

// e in the list of files, and on the page of a file, copies out of the image.
func TestCopyOut(t *testing.T) {
	target := withFiles()
	target.CopyEnd = func(c tui.CopyOut) (report.CopiedOut, error) {
		if strings.HasSuffix(c.Dest, "motd") && !c.Over {
			return report.CopiedOut{To: "/start/motd"}, &fs.PathError{Op: "write", Path: c.Dest, Err: fs.ErrExist}
		}
		out := report.CopiedOut{To: c.Dest, Copied: report.Copied{Files: 1, Bytes: 30}}
		if strings.HasSuffix(c.Dest, "letters") {
			out.Left, out.More, out.Problems = []string{"letters/fifo: it is a pipe: it was left out", "b", "c", "d", "e", "f"}, 3, 1
		}
		return out, nil
	}
	d := Start(t, 80, 24, tui.Options{Paths: []string{stick}, Dir: "/start"}, One(target))
	d.Press("i", "enter", "e")
	d.Contains("Copy letters out", "Copies it, with everything below it.", "Path [/start/letters")
	d.Press("enter")
	d.Contains("Not everything was copied", "1 file (30 B) copied to /start/letters.", "letters/fifo: it is a pipe: it was left out.", "And 4 more.")
	quietly(d)
	d.Press("enter", "end", "e")
	d.Contains("this is a device, a pipe or a socket")
	d.Press("up", "enter", "e")
	d.Contains("Copies it. A path")
	d.Lacks("everything below")
	d.Press("enter")
	d.Contains("Overwrite?", "/start/motd exists already")
	quietly(d)
	d.Press("n")
	if n := len(target.Copies); n != 2 {
		t.Fatalf("%d copies after a no", n)
	}
	d.Press("e", "enter")
	quietly(d)
	d.Press("y")
	d.Contains("1 file (30 B) copied to /start/motd", "motd in p1")
	last := target.Copies[len(target.Copies)-1]
	if last.Path != "motd" || last.Dest != "/start/motd" || !last.Over || last.Part != 1 {
		t.Errorf("asked for %+v", last)
	}
}

// A copy shows how far it is, and is stopped before the page can be left.
func TestCopyOutStopped(t *testing.T) {
	target := withFiles()
	target.CopyHeld = true
	d := open(t, target)
	d.Press("i", "enter", "down", "down", "down", "e", "enter")
	d.Advance(time.Second)
	d.Contains("Copying report, the long one", ": 3.00 MiB of 5.00 MiB", " 60 %", "esc stop copying")
	d.Press("q")
	d.Contains("is being copied: press esc to stop it")
	d.Press("e")
	d.Contains("is being copied: press esc to stop it")
	d.Press("esc")
	d.Contains("Stopping the copy")
	d.Do(func() { target.CopyHeld = false })
	d.Contains("Stopped", "1 file (0 B) copied to", "Stopped: what was copied completely stays.")
	quietly(d)
	d.Press("enter")
	d.Lacks("so far", "stop copying")
	d.Press("esc", "esc")
	d.Contains("Pending")
}

// The path of a copy is proposed, completed by tab, and may begin in the home directory. An odd name is shown escaped.
func TestCopyOutNames(t *testing.T) {
	target := withFiles()
	target.CopyEnd = func(tui.CopyOut) (report.CopiedOut, error) {
		return report.CopiedOut{}, errors.New("write: no space left on device")
	}
	d := Start(t, 80, 24, tui.Options{Paths: []string{stick}, Dir: "/images", Home: "/home/me"}, &Backend{Files: Images(), Targets: map[string]*Target{stick: target}})
	d.Press("i", "enter", "enter", "e")
	d.Contains(`[/images/evil\x1b[2J`)
	d.Press("ctrl+u")
	d.Type("~/x")
	d.Press("enter")
	d.Contains("Not copied", "Write: no space left on device.")
	if c := target.Copies[0]; c.Path != "letters/evil\x1b[2J" || c.Dest != "/home/me/x" {
		t.Errorf("asked for %q to %q", c.Path, c.Dest)
	}
	quietly(d)
	d.Press("enter", "e", "ctrl+u")
	d.Type("/images/s")
	d.Press("tab")
	d.Contains("secret.img  server.qcow2  stick.raw")
	d.Type("t")
	d.Press("tab")
	d.Contains("[/images/stick.raw")
	d.Press("ctrl+u")
	d.Type("/images/ol")
	d.Press("tab")
	d.Contains("[/images/old/")
	d.Press("ctrl+u")
	d.Type("/nosuch/x")
	d.Press("tab")
	d.Contains("no such file or directory")
}
