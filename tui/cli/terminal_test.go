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

// TestTerminalGone closes the terminal of the editor while its commit runs. The commit goes on, and the editor that is
// opened next shows it to its end.
func TestTerminalGone(t *testing.T) {
	s := newSlow(t, slowData).of(t, people()[0])
	first := s.person.show(t, s.image)
	first.sees(t, "ext4")
	first.press(t, "m")
	first.sees(t, "Move")
	first.press(t, "+160MiB")
	first.press(t, "\r")
	first.sees(t, "1 pending")
	first.press(t, "a")
	first.sees(t, "Yes, apply")
	sayYes(t, first, s.image)
	worker := workerOf(t, s.image)
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
