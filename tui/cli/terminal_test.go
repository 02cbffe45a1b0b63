package cli

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// onTerminal is a run of the program on a terminal of its own.
type onTerminal struct {
	begun
	screen *os.File
}

// show starts the program on a terminal.
func (p person) show(t *testing.T, args ...string) onTerminal {
	t.Helper()
	return p.showIn(t, nil, args...)
}

// showIn is show with more variables in the environment.
func (p person) showIn(t *testing.T, env []string, args ...string) onTerminal {
	t.Helper()
	return onScreen(t, p.program(t, args...), env...)
}

// onScreen starts a command on a terminal, with more variables in the environment.
func onScreen(t *testing.T, cmd *exec.Cmd, env ...string) onTerminal {
	t.Helper()
	b := begun{cmd, &said{}}
	b.Env = append(append(b.Env, "TERM=xterm-256color", "LC_ALL=C.UTF-8"), env...)
	master, err := pty.StartWithSize(b.Cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	// The terminal hangs up once nobody has its other side any more, also not in a read that blocks.
	fd, err := syscall.Dup(int(master.Fd()))
	if err == nil {
		err = errors.Join(syscall.SetNonblock(fd, true), master.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	screen := os.NewFile(uintptr(fd), "terminal")
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := screen.Read(buf)
			_, _ = b.said.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = screen.Close() })
	return onTerminal{b, screen}
}

var escapes = regexp.MustCompile(`\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_=>78])`)

// sees waits for a text to appear on the screen.
func (o onTerminal) sees(t *testing.T, text string) {
	t.Helper()
	eventually(t, text+" on the screen", func() bool {
		return strings.Contains(escapes.ReplaceAllString(o.said.String(), ""), text)
	})
}

func (o onTerminal) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := o.screen.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// insists presses a key until a text appears: a page that opens by itself takes none until the keyboard has been quiet.
func (o onTerminal) insists(t *testing.T, key, text string) {
	t.Helper()
	quiet := time.NewTicker(600 * time.Millisecond)
	defer quiet.Stop()
	eventually(t, text+" on the screen", func() bool {
		if strings.Contains(escapes.ReplaceAllString(o.said.String(), ""), text) {
			return true
		}
		select {
		case <-quiet.C:
			o.press(t, key)
		default:
		}
		return false
	})
}

// applyByKeys opens the editor, moves p1 by 160 MiB and applies that. The worker is the process that commits it.
func (s slow) applyByKeys(t *testing.T) (o onTerminal, worker int) {
	t.Helper()
	o = s.person.show(t, s.image)
	for _, step := range [][2]string{{"ext4", "m"}, {"Move", "+160MiB"}, {"160", "\r"}, {"1 pending", "a"}} {
		o.sees(t, step[0])
		o.press(t, step[1])
	}
	o.sees(t, "Yes, apply")
	sayYes(t, o, s.image)
	return o, workerOf(t, s.image)
}

// TestTerminalGone closes the terminal of the editor while its commit runs. The commit goes on, and the editor that is
// opened next shows it to its end.
func TestTerminalGone(t *testing.T) {
	s := newSlow(t, slowData).of(t, people()[0])
	first, worker := s.applyByKeys(t)
	send(t, worker, syscall.SIGSTOP)

	// ctrl+c does not leave a commit, it asks.
	first.press(t, "\x03")
	first.sees(t, "Go on")
	if err := first.screen.Close(); err != nil {
		t.Fatal(err)
	}
	first.end()

	second := s.person.show(t, s.image)
	second.connected(t)
	send(t, worker, syscall.SIGCONT)
	second.sees(t, "exactly as planned")
	workersOnly(t, s.image, second.Process.Pid)
	leave(t, second)
	s.isAfter(t)
}

// sayYes says yes to the report until the commit begins: a page that opens by itself takes no key until the keyboard
// has been quiet.
func sayYes(t *testing.T, o onTerminal, image string) {
	t.Helper()
	begins := filepath.Join(image+".shunt", "socket")
	for range 100 {
		quiet := time.After(600 * time.Millisecond)
		for waiting := true; waiting; {
			select {
			case <-quiet:
				waiting = false
			case <-time.After(time.Millisecond):
				// It has a name before it listens.
				if conn, err := net.Dial("unix", begins); err == nil {
					_ = conn.Close() // whoever follows a commit may leave
					return
				}
			}
		}
		o.press(t, "y")
	}
	t.Fatal("the commit does not begin")
}

// leave closes the editor, whatever page it is on: q leaves pages, escape closes what opened by itself, such as the word that
// the commit ended while nobody looked.
func leave(t *testing.T, o onTerminal) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- o.Wait() }()
	for i := range 100 {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the editor ended with %v", err)
			}
			return
		case <-time.After(600 * time.Millisecond):
			o.press(t, []string{"q", "\x1b"}[i%2])
		}
	}
	t.Fatalf("the editor does not end; at last the terminal got\n%q", o.said.String()[max(0, len(o.said.String())-3000):])
}

// workersOnly waits until only one process deals with the image.
func workersOnly(t *testing.T, image string, but int) {
	t.Helper()
	eventually(t, "end of the worker", func() bool {
		pids := processesOf(t, image)
		return len(pids) == 1 && pids[0] == but
	})
}
