package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"shunt/model/testneed"
)

// TestImageKilled kills image convert and image create at each kind of call that writes: the source stays as it was, and the
// name has nothing, the whole old file or the whole new one.
func TestImageKilled(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	dir := t.TempDir()
	from := filepath.Join(dir, "a.raw")
	sh(t, dir, "truncate -s 12M a.raw; for i in 1 3 5 7 9; do head -c 600k /dev/urandom | dd of=a.raw bs=1M seek=$i conv=notrunc status=none; done")
	sum := digest(t, from)
	for _, c := range []struct {
		call string
		old  bool // the name is taken
		to   string
	}{
		{"pwrite64", false, "b.qcow2"},
		{"fsync", false, "b.qcow2"},
		{"linkat", false, "b.qcow2"},
		{"linkat", true, "b.qcow2"},
		{"renameat", true, "b.qcow2"},
		{"pwrite64", true, "b.qcow2"},
		{"pwrite64", false, "b.raw"},
		{"fsync", false, "b.vdi"},
	} {
		// On a busy machine strace misses the first calls of a new thread now and then.
		for tries := 1; !killAt(t, dir, c.call, c.old, from, filepath.Join(dir, c.to)); tries++ {
			if tries == 5 {
				t.Errorf("not killed: %v", c)
				break
			}
		}
	}
	if digest(t, from) != sum {
		t.Error("the source has changed")
	}
}

// traced returns a command that runs the program under strace.
func traced(t *testing.T, how []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable() // strace would take /proc/self/exe for itself
	if err != nil {
		t.Fatal(err)
	}
	cmd := people()[0].program(t, args...)
	cmd.Args = slices.Concat([]string{"strace", "-f", "-qq", "-o", "/dev/null"}, how, []string{self}, args)
	cmd.Path = testneed.Tool(t, "strace")
	return cmd
}

// killAt converts from one image to another, and is killed at its first system call of a kind.
func killAt(t *testing.T, dir, call string, old bool, from, to string) (killed bool) {
	t.Helper()
	const text = "the old file"
	if old {
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := traced(t, []string{"--seccomp-bpf", "-e", "trace=" + call, "-e", "inject=" + call + ":signal=KILL:when=1+"}, "image", "convert", "--force", from, to)
	o := finish(t, cmd)
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	killed = o.code != exitDone || status.Signaled()
	name := fmt.Sprintf("%s, old %v, %s", call, old, filepath.Base(to))
	b, err := os.ReadFile(to)
	switch {
	case err != nil && (!os.IsNotExist(err) || old || !killed):
		t.Errorf("%s: %v", name, err)
	case err == nil && !(old && string(b) == text && killed):
		if out, err := exec.Command("qemu-img", "compare", "-q", "-f", "raw", "-F", strings.TrimPrefix(filepath.Ext(to), "."), from, to).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
	_ = os.Remove(to) // it need not be there
	left, err := filepath.Glob(filepath.Join(dir, ".shunt-*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 && strings.HasSuffix(to, ".qcow2") && !slices.Contains([]string{"renameat", "fsync"}, call) {
		t.Errorf("%s: left %q", name, left)
	}
	for _, l := range left {
		if err := os.RemoveAll(l); err != nil {
			t.Fatal(err)
		}
	}
	return killed
}

// TestImageRefused gives the commands what they must refuse. Nothing is made or changed.
func TestImageRefused(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	t.Chdir(t.TempDir())
	sh(t, ".", `truncate -s 1M a.raw; printf text >text; qemu-img create -q -f qcow2 -F raw -b a.raw over.qcow2; ln -s a.raw link.raw; mkdir dir
		gzip -k a.raw; : >empty; qemu-img create -q -f qcow2 -u -F raw -b gone cut.qcow2 1M`)
	before := sh(t, ".", "ls -la --time-style=full-iso; cat text")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"create new.vmdk 1MiB", exitUsage, "use `shunt image convert`"},
		{"create new.raw", exitUsage, "SIZE is missing"},
		{"create new.raw 1G0", exitUsage, "1G0"},
		{"create new.raw 0B", exitRefused, "not possible"},
		{"create new.raw 1000B", exitRefused, "multiple of 512"},
		{"create new.raw 1MiB --sector-size 4096 --table gpt --format nosuch", exitUsage, "there is no format"},
		{"create new.raw 1536B --sector-size 4096", exitRefused, "multiple of 4096"},
		{"create new.raw 8KiB --table gpt", exitRefused, "too small"},
		{"create new.raw 1MiB --table apm", exitUsage, "use gpt or mbr"},
		{"create new.qcow2 --backing a.raw --table gpt", exitUsage, "exclude each other"},
		{"create new.raw --backing a.raw --format raw", exitUsage, "or --format qcow2"},
		{"create new.raw --backing a.raw", exitUsage, "or --format qcow2"},
		{"create new.img --backing a.raw", exitUsage, "or --format qcow2"},
		{"create new.qcow2 --backing none", exitRefused, "no such file"},
		{"create new.qcow2 --backing empty", exitRefused, "is empty"},
		{"create new.qcow2 --backing a.raw.gz", exitRefused, "unpack it first"},
		{"create new.qcow2 --backing cut.qcow2", exitRefused, "missing"},
		{"create text 1MiB", exitRefused, "exists already"},
		{"create a.raw 1MiB --force", exitRefused, "backing file of over.qcow2"},
		{"create dir 1MiB --force", exitRefused, "not a regular file"},
		{"convert a.raw new", exitUsage, "use one of these endings"},
		{"convert a.raw new --format nosuch", exitUsage, "use one of raw, qcow2"},
		{"convert a.raw new.raw --compress zstd", exitUsage, "--compress is for qcow2"},
		{"convert a.raw new.qcow2 --compress xz", exitUsage, "use zstd or zlib"},
		{"convert a.raw a.raw --force", exitRefused, "is the source itself"},
		{"convert a.raw link.raw --force", exitRefused, "is the source itself"},
		{"convert over.qcow2 link.raw --force", exitRefused, "is the source itself"},
		{"convert a.raw over.qcow2", exitRefused, "exists already"},
		{"convert a.raw none/new.raw", exitRefused, "no such file"},
		{"convert a.raw.gz new.raw", exitRefused, "unpack it first"},
		{"convert cut.qcow2 new.raw", exitRefused, "missing"},
		{"convert none new.raw", exitRefused, "no such file"},
		{"convert dir new.raw", exitRefused, "is a directory"},
		{"info none", exitRefused, "no such file"},
		{"info dir", exitRefused, "neither a regular file"},
	} {
		code, out, errs := called(t, append([]string{"image"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(errs, c.says) || out != "" {
			t.Errorf("%s: code %d, %q, %q; want %d, %q", c.args, code, out, errs, c.code, c.says)
		}
	}
	if after := sh(t, ".", "ls -la --time-style=full-iso; cat text"); after != before {
		t.Errorf("there was\n%s\nand there is\n%s", before, after)
	}
}

// TestImageOverEdited replaces an image that was edited: the undo of the edit is gone. An interrupted edit keeps the name.
func TestImageOverEdited(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	dir := t.TempDir()
	image, plan := filepath.Join(dir, "a.raw"), filepath.Join(dir, "plan")
	sh(t, dir, "truncate -s 4M a.raw; cp a.raw b.raw; printf 'table new gpt' >plan")
	p.run(t, "apply", "--yes", image, plan).want(t, exitDone)
	p.run(t, "image", "convert", "--force", filepath.Join(dir, "b.raw"), image).want(t, exitDone)
	p.run(t, "undo", "--yes", image).want(t, exitRefused, "no transaction that can be undone")
	sh(t, dir, "cmp a.raw b.raw; test ! -e a.raw.shunt")

	// A kill at the first write to the image leaves its journal.
	how := []string{"-P", image, "-e", "trace=pwrite64", "-e", "inject=pwrite64:signal=KILL:when=1"}
	finish(t, traced(t, how, "apply", "--yes", image, plan)).want(t, exitInterrupted)
	before := digest(t, image)
	for _, args := range [][]string{{"convert", "--force", filepath.Join(dir, "b.raw"), image}, {"create", "--force", image, "1MiB"}, {"convert", image, filepath.Join(dir, "c.raw")}} {
		p.run(t, append([]string{"image"}, args...)...).want(t, exitUnfinished, "unfinished transaction", "recover")
	}
	if digest(t, image) != before {
		t.Error("the image has changed")
	}
	sh(t, dir, "mv a.raw d.raw")
	p.run(t, "image", "create", image, "1MiB").want(t, exitRefused, "of a file that is gone")
	sh(t, dir, "mv d.raw a.raw")
	p.run(t, "recover", image).want(t, exitDone)
}
