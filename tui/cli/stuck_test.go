package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// TestTerminalTakesNothing runs the editor on a terminal that nobody reads. One SIGTERM ends it all the same.
func TestTerminalTakesNothing(t *testing.T) {
	p := people()[0]
	image := filepath.Join(p.dir(t), "x.raw")
	if err := os.WriteFile(image, make([]byte, 4<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	p.own(t, image)
	cmd := p.program(t, image)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 400, Cols: 400})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = master.Close() }()
	// Help comes and goes until its frames no longer fit into what the kernel keeps for a reader.
	keys := "?\x1b"
	eventually(t, "the end of what the terminal takes", func() bool {
		if _, err := master.WriteString(keys[:1]); err != nil {
			t.Fatal(err)
		}
		keys = keys[1:] + keys[:1]
		return writing(t, cmd.Process.Pid)
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// writing reports whether a thread of a process waits for its standard output to take more.
func writing(t *testing.T, pid int) bool {
	t.Helper()
	calls, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range calls {
		call, err := os.ReadFile(file)
		if err == nil && strings.HasPrefix(string(call), fmt.Sprintf("%d 0x1 ", unix.SYS_WRITE)) {
			return true
		}
	}
	return false
}

// TestWorkerKilledUnderEditor kills the worker in a commit. The editor offers to finish or to roll back at once; left as it is,
// the target is said to stay half done, and the command that is told ends that.
func TestWorkerKilledUnderEditor(t *testing.T) {
	s := newSlow(t, slowData).of(t, people()[0])
	o, worker := s.applyByKeys(t)
	o.sees(t, "copying data")
	send(t, worker, syscall.SIGKILL)
	o.sees(t, "Unfinished transaction")
	o.sees(t, "signal: killed")
	o.insists(t, "q", "half done")
	o.press(t, "y")
	if out := o.end(); out.code != exitDone {
		t.Errorf("ended with %d", out.code)
	}
	o.sees(t, "run `shunt recover "+s.image+"`")
	s.person.run(t, s.args("recover")...).want(t, exitDone, "Done")
	s.isAfter(t)
}
