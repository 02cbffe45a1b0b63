package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// tmux is a real one: tmux with a server of its own.
type tmux struct {
	t      *testing.T
	socket string
}

func newTmux(t *testing.T, width, height int, argv ...string) tmux {
	t.Helper()
	return newTmuxAs(t, people()[0], width, height, argv...)
}

// newTmuxAs is newTmux where a person runs the program.
func newTmuxAs(t *testing.T, p person, width, height int, argv ...string) tmux {
	t.Helper()
	testneed.Tool(t, "tmux")
	self, err := os.Executable()
	prefix := []string{"env", envProgram + "=1", "LC_ALL=C.UTF-8", "TERM=xterm-256color", "SHUNT_REHEARSE_AHEAD=off"}
	if p.uid >= 0 {
		self, err = reachable()
		as := fmt.Sprint(p.uid)
		prefix = append([]string{testneed.Tool(t, "setpriv"), "--reuid", as, "--regid", as, "--clear-groups"}, append(prefix, "HOME=/nonexistent")...)
	}
	if err != nil {
		t.Fatal(err)
	}
	term := tmux{t, filepath.Join(t.TempDir(), "tmux")}
	cmd := exec.Command("tmux", append(append(append([]string{
		"-S", term.socket, "-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height),
	}, prefix...), self), argv...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", term.socket, "kill-server").Run() })
	return term
}

func (term tmux) screen() string {
	out, err := exec.Command("tmux", "-S", term.socket, "capture-pane", "-p", "-t", "t").Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// wait waits until the screen shows all the words.
func (term tmux) wait(words ...string) {
	term.t.Helper()
	for range 600 {
		screen, found := term.screen(), 0
		for _, w := range words {
			if strings.Contains(screen, w) {
				found++
			}
		}
		if found == len(words) {
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	term.t.Fatalf("the screen does not come to show %q:\n%s", words, term.screen())
}

// keys presses keys by tmux's names; text in quotes is typed as it is.
func (term tmux) keys(keys ...string) {
	term.t.Helper()
	for _, k := range keys {
		args := []string{"-S", term.socket, "send-keys", "-t", "t"}
		if text, ok := strings.CutPrefix(k, "'"); ok {
			args = append(args, "-l", text)
		} else {
			args = append(args, k)
		}
		if out, err := exec.Command("tmux", args...).CombinedOutput(); err != nil {
			term.t.Fatalf("%v: %s", err, out)
		}
	}
}

// insist presses a key until the screen shows the words no more: a page that opened by itself takes no key until the keyboard
// has been quiet, and who reads it presses again.
func (term tmux) insist(key, words string) {
	term.t.Helper()
	for range 40 {
		<-time.After(600 * time.Millisecond)
		term.keys(key)
		<-time.After(200 * time.Millisecond)
		if !strings.Contains(term.screen(), words) {
			return
		}
	}
	term.t.Fatalf("the screen keeps showing %q:\n%s", words, term.screen())
}

// TestUndoByKeys applies in a real terminal and takes it back from the page of the result: the image is byte for byte what
// it was, and nothing is left beside it.
func TestUndoByKeys(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	image, plan := stick(t, people()[0])
	was := digest(t, image)
	term := newTmux(t, 80, 24, image)
	term.wait("docs", "photos", "Nothing yet")
	term.keys("z")
	term.wait("Image size", "New size")
	term.keys("'+20MiB", "Enter")
	term.wait("1 pending")
	term.keys("j", "m")
	term.wait("Resize/Move p2")
	term.keys("'+10MiB", "Enter")
	term.wait("2 pending")
	term.keys("a")
	term.wait("The rehearsal passed", "beside the target, so that U can undo it", "Apply to stick.raw?")
	term.insist("y", "Apply to stick.raw?")
	term.wait("exactly as planned", "undo the last apply")
	if digest(t, image) == was {
		t.Error("nothing was applied")
	}
	term.insist("U", "exactly as planned")
	term.wait("Undo the last apply?")
	term.keys("y")
	term.wait("The last apply was undone")
	<-time.After(600 * time.Millisecond)
	term.keys("Escape")
	term.wait("Nothing yet")
	term.keys("U")
	term.wait("There is nothing to undo")
	term.keys("q")
	if digest(t, image) != was {
		t.Error("the image is not what it was")
	}
	workersGone(t, image)
	onlyWith(t, image, plan)
}

// TestFoundingExampleByKeys does the founding example in a real terminal of 80x24, from the command line to the result
// page, by keys alone.
func TestFoundingExampleByKeys(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	image, _ := stick(t, people()[0])
	before := oracle.SFDisk(t, image)
	term := newTmux(t, 80, 24, image)
	term.wait("docs", "photos", "Nothing yet")
	term.keys("z")
	term.wait("Image size", "New size")
	term.keys("'+2GiB", "Enter")
	term.wait("1 Grow image by 2.00 GiB")
	term.keys("j", "m")
	term.wait("Resize/Move p2")
	term.keys("'+1024MiB")
	term.wait("454 MiB of unused space is not copied")
	term.keys("Enter")
	term.wait("2 Move p2 right by 1024 MiB")
	term.keys("Home", "m")
	term.wait("Resize/Move p1")
	term.keys(">")
	term.wait("Grow p1 by 1024 MiB")
	term.keys("Enter")
	term.wait("3 Grow p1 by 1024 MiB", "3 pending")
	term.keys("a")
	term.wait("The rehearsal passed", "Apply to stick.raw?")
	term.insist("y", "Apply to stick.raw?")
	term.wait("exactly as planned")
	<-time.After(600 * time.Millisecond)
	term.keys("Escape")
	term.wait("Nothing yet", "p1 ext4 1.47G")
	term.keys("q")

	after := oracle.SFDisk(t, image)
	p1, p2 := after.Part(t, 1), after.Part(t, 2)
	if p2.Off != before.Part(t, 2).Off+1024*mib || p1.Start != 63 || p1.Start+p1.Size != p2.Start {
		t.Errorf("p1 is %+v, p2 is %+v", p1, p2)
	}
	for n, part := range map[int]oracle.Partition{1: p1, 2: p2} {
		oracle.ExtClean(t, image, part.Off)
		oracle.SameFiles(t, oracle.ExtFiles(t, image, part.Off), demoFiles(t, n))
	}
}
