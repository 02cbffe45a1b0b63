package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"shunt/model/testneed"
)

// killedAt runs the program and kills whichever of its processes makes a system call of this kind first. It reports whether
// one did.
func killedAt(t *testing.T, call string, args ...string) (killed bool) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "trace")
	cmd := traced(t, []string{"--seccomp-bpf", "-e", "trace=" + call, "-e", "inject=" + call + ":signal=KILL:when=1+"}, args...)
	cmd.Args[slices.Index(cmd.Args, "/dev/null")] = log
	o := finish(t, cmd)
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	killed = strings.Contains(string(text), "+++ killed by SIGKILL +++")
	if killed && o.code == exitDone && !status.Signaled() {
		t.Errorf("%s was killed at %s, and says that all went well", args, call)
	}
	return killed
}

// TestKillClone kills image clone at each kind of call that writes. Nothing or all of the copy has the name, the source is as
// it was, and a copy that was stopped goes on.
func TestKillClone(t *testing.T) {
	t.Parallel()
	dir := layered(t, people()[0], "truncate -s 4M x; head -c 4M /dev/urandom >x; debugfs -w -R 'write x x' 'r?offset=1048576'")
	source := filepath.Join(dir, "r")
	was := digest(t, source)
	for _, c := range []struct{ call, to string }{
		{"pwrite64", "a.raw"},
		{"fsync", "b.raw"},
		{"renameat2,renameat,linkat", "c.raw"},
		{"pwrite64", "d.qcow2"},
		{"fsync", "e.qcow2"},
		{"renameat2,renameat,linkat", "f.qcow2"},
	} {
		to := filepath.Join(dir, c.to)
		for tries := 1; !killedAt(t, c.call, "image", "clone", "--force", source, to); tries++ {
			if tries == 5 { // strace misses one now and then
				t.Fatalf("%s: no such call: %s", c.to, c.call)
			}
			sh(t, dir, "rm '"+to+"'")
		}
		if _, err := os.Stat(to); err == nil {
			sh(t, dir, "qemu-img compare r '"+to+"'")
			continue
		}
		args := []string{"image", "clone", source, to}
		if left, err := filepath.Glob(to + ".part*"); err != nil || len(left) > 0 {
			args = append(args, "--resume")
		}
		people()[0].run(t, args...).want(t, exitDone)
		sh(t, dir, "qemu-img compare r '"+to+"'")
	}
	if digest(t, source) != was {
		t.Error("the source has changed")
	}
	if left := sh(t, dir, "ls -A | grep -e part -e shunt || true"); left != "" {
		t.Errorf("left: %s", left)
	}
}

// TestKillForeignCommit kills image commit where qemu-img does the work, or qemu-img itself. The overlay is as it was, and the
// backing file is exactly as it was or exactly as planned.
func TestKillForeignCommit(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	p := people()[0]
	dir := p.dir(t)
	sh(t, dir, "qemu-img create -q -f vmdk base 8M; qemu-io -f vmdk -c 'write -P 1 0 2M' base; "+
		"qemu-img create -q -f vmdk -F vmdk -b base over; qemu-io -f vmdk -c 'write -P 2 1M 2M' over; mkdir kept; cp base over kept")
	content := func(name string) string {
		return sh(t, dir, "qemu-img convert -f vmdk -O raw "+name+" x; sha256sum <x; rm x")
	}
	before, after, overlay := content("base"), content("over"), digest(t, filepath.Join(dir, "over"))
	for _, call := range []string{"pwrite64", "fdatasync", "fsync", "renameat2,renameat,linkat"} {
		sh(t, dir, "cp kept/* .")
		for tries := 1; !killedAt(t, call, "image", "commit", "--yes", filepath.Join(dir, "over")); tries++ {
			if tries == 5 {
				t.Fatalf("no such call: %s", call)
			}
			sh(t, dir, "cp kept/* .")
		}
		switch now := content("base"); {
		case now != before && now != after:
			t.Errorf("%s: the backing file is neither as it was nor as planned", call)
		case digest(t, filepath.Join(dir, "over")) != overlay:
			t.Errorf("%s: the overlay has changed", call)
		}
		if pids := processesOf(t, dir); len(pids) > 0 {
			t.Errorf("%s: %v still run", call, pids)
		}
	}
	p.run(t, "image", "commit", "--yes", filepath.Join(dir, "over")).want(t, exitDone)
	if content("base") != after {
		t.Error("the commit after the kills is not as planned")
	}
	if left := sh(t, dir, "ls -A"); left != "base\nkept\nover\n" {
		t.Errorf("left: %s", left)
	}
}
