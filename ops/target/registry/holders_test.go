package registry

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// A holder is a program of QEMU that opens an image.
type holder struct {
	name   string
	writes bool
	at     []string // which files of a chain it opens
	// start opens the image of a format and returns when it is open, with the number of the process.
	start func(t *testing.T, path, format string) (pid int)
}

// holders are those that need no virtual machine. The one that does is in tui/cli.
func holders() []holder {
	all := []string{"top", "mid", "base"}
	return []holder{
		{"qemu-io", true, all, func(t *testing.T, path, format string) int { t.Helper(); return byIO(t, "-f", format, path) }},
		{"qemu-io", false, all, func(t *testing.T, path, format string) int { t.Helper(); return byIO(t, "-r", "-f", format, path) }},
		{"qemu-nbd", true, all[:1], func(t *testing.T, path, format string) int { t.Helper(); return byNBD(t, "-f", format, path) }},
		{"qemu-nbd", false, all[2:], func(t *testing.T, path, format string) int { t.Helper(); return byNBD(t, "-r", "-f", format, path) }},
		{"qemu-storage-daemon", true, all[2:], func(t *testing.T, path, format string) int { t.Helper(); return byDaemon(t, path, format, "off") }},
		{"qemu-storage-daemon", false, all[:1], func(t *testing.T, path, format string) int { t.Helper(); return byDaemon(t, path, format, "on") }},
	}
}

// byIO starts qemu-io, which waits for commands. It answers the first one when it has opened the image.
func byIO(t *testing.T, args ...string) int {
	t.Helper()
	cmd := exec.Command(testneed.Tool(t, "qemu-io"), args...)
	in, err := cmd.StdinPipe()
	require(t, err)
	out, err := cmd.StdoutPipe()
	require(t, err)
	require(t, cmd.Start())
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	_, err = io.WriteString(in, "length\n")
	require(t, err)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("qemu-io says %q: %v", line, err)
	}
	return cmd.Process.Pid
}

func byNBD(t *testing.T, args ...string) int {
	t.Helper()
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	run(t, "qemu-nbd", append([]string{"--fork", "-t", "-k", filepath.Join(dir, "socket"), "--pid-file", pid}, args...)...)
	return daemonOf(t, pid)
}

func byDaemon(t *testing.T, path, format, readOnly string) int {
	t.Helper()
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	run(t, testneed.Tool(t, "qemu-storage-daemon"), "--daemonize", "--pidfile", pid, "--blockdev",
		fmt.Sprintf("driver=%s,node-name=disk,read-only=%s,file.driver=file,file.filename=%s", format, readOnly, path),
		"--nbd-server", "addr.type=unix,addr.path="+filepath.Join(dir, "socket"),
		"--export", "type=nbd,id=e,node-name=disk,writable="+map[string]string{"on": "off", "off": "on"}[readOnly])
	return daemonOf(t, pid)
}

// daemonOf returns the process whose number is in a file. It ends with the test.
func daemonOf(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require(t, err)
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGTERM) })
	return pid
}

// layered makes a chain in a new directory: top lies on mid, mid on base.
func layered(t *testing.T) (top, mid, base string) {
	t.Helper()
	testneed.Tool(t, "qemu-img")
	dir := t.TempDir()
	run(t, "sh", "-c", "cd '"+dir+`' && truncate -s 1M base && qemu-img create -q -f qcow2 -F raw -b base mid && qemu-img create -q -f qcow2 -F qcow2 -b mid top`)
	return filepath.Join(dir, "top"), filepath.Join(dir, "mid"), filepath.Join(dir, "base")
}

// TestHeldImages opens images that others hold, or that lie on files that others hold: who holds what is named. A backing
// file may have other readers, since many images can lie on one.
func TestHeldImages(t *testing.T) {
	for _, h := range holders() {
		mode := map[bool]string{true: "read-write", false: "read-only"}[h.writes]
		for _, at := range h.at {
			t.Run(h.name+" "+mode+" "+at, func(t *testing.T) {
				t.Parallel()
				top, mid, base := layered(t)
				held := map[string]string{"top": top, "mid": mid, "base": base}[at]
				format := map[bool]string{true: "raw", false: "qcow2"}[at == "base"]
				check := unchanged(t, top)
				pid := h.start(t, held, format)
				named := fmt.Sprintf("%s is in use by %s (pid %d): ", held, h.name, pid)

				r, err := Open(top, target.Options{})
				switch {
				case err == nil:
					require(t, r.Close())
					if h.writes || at == "top" {
						t.Error("opened")
					}
				case !h.writes && at != "top":
					t.Error(err)
				case !strings.Contains(err.Error(), named):
					t.Errorf("got %v, want %q", err, named)
				case at != "top" && !strings.Contains(err.Error(), "must stay as it is"):
					t.Errorf("it does not say why that matters: %v", err)
				}
				// The file itself is refused, whoever holds it in whatever way.
				if _, err := Open(held, target.Options{}); err == nil || !strings.Contains(err.Error(), named) {
					t.Errorf("got %v, want %q", err, named)
				}
				// A reader of the top holds the files below it.
				if at == "top" {
					if _, err := Open(base, target.Options{}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("(pid %d)", pid)) {
						t.Errorf("the base is open below %s: %v", h.name, err)
					}
				}
				check()
			})
		}
	}
}

// TestWriterOfBase meets a program that writes to a backing file without locks, before and after the image is opened.
func TestWriterOfBase(t *testing.T) {
	top, _, base := layered(t)
	r := open(t, top, target.Options{})
	other := start(t, "open-rw", base)
	named := "must stay as it is: " + base + " is in use by another shunt (pid " + strconv.Itoa(other.pid) + ")"
	for _, opts := range []target.Options{{}, {NoLock: true}} {
		if _, err := Open(top, opts); opts.NoLock && (err == nil || !strings.Contains(err.Error(), named)) || err == nil {
			t.Errorf("got %v, want %q", err, named)
		}
	}
	if err := r.AllowWrites(); err == nil || !strings.Contains(err.Error(), base+" is in use by another shunt") {
		t.Errorf("allowed to write: %v", err)
	}
	require(t, r.Close())
	if _, err := Open(top, target.Options{}); err == nil || !strings.Contains(err.Error(), named) {
		t.Errorf("got %v, want %q", err, named)
	}
}

// TestLoopOnBase lets loop devices show a backing file: one that can be written to is in the way, one that cannot is not.
func TestLoopOnBase(t *testing.T) {
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	top, _, base := layered(t)
	t.Run("read-only", func(t *testing.T) {
		loopOf(t, base, "-r")
		require(t, open(t, top, target.Options{}).Close())
	})
	node := loopOf(t, base)
	if _, err := Open(top, target.Options{}); err == nil || !strings.Contains(err.Error(), "loop device "+node) {
		t.Errorf("got %v, want %s named", err, node)
	}
}

// TestQEMUKeptOffQcow2 edits an overlay: QEMU cannot write to it or to what it lies on. It can read what is below, and all
// of it with -U. A killed editor leaves no lock.
func TestQEMUKeptOffQcow2(t *testing.T) {
	top, mid, base := layered(t)
	other := start(t, "hold", top)
	for _, c := range [][]string{
		{"qemu-io", "-f", "qcow2", "-c", "write 0 512", top},
		{"qemu-io", "-r", "-f", "qcow2", "-c", "read 0 512", top},
		{"qemu-io", "-f", "qcow2", "-c", "write 0 512", mid},
		{"qemu-io", "-f", "raw", "-c", "write 0 512", base},
		{"qemu-img", "resize", "-f", "qcow2", "-q", top, "2M"},
		{"qemu-img", "resize", "-f", "raw", "-q", base, "2M"},
		{"qemu-img", "commit", "-q", mid},
	} {
		out, err := try(t, c[0], c[1:]...)
		if err == nil || !strings.Contains(out, "lock") {
			t.Errorf("%v while the overlay is edited: %v, %s", c, err, out)
		}
	}
	run(t, "qemu-io", "-U", "-r", "-f", "qcow2", "-c", "read 0 512", top)
	run(t, "qemu-img", "info", "-U", "--backing-chain", top)
	run(t, "qemu-io", "-r", "-f", "qcow2", "-c", "read 0 512", mid)
	inUse(t, mid, fmt.Sprintf("another shunt (pid %d)", other.pid))
	inUse(t, base, fmt.Sprintf("another shunt (pid %d)", other.pid))

	require(t, other.cmd.Process.Kill())
	_ = other.cmd.Wait()
	for _, path := range []string{top, mid} {
		run(t, "qemu-io", "-f", "qcow2", "-c", "write 0 512", path)
	}
	run(t, "qemu-io", "-f", "raw", "-c", "write 0 512", base)
	require(t, open(t, top, target.Options{}).Close())
}
