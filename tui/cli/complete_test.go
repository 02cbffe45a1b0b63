package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

// stickParts are the partitions of the practice image as shells are told.
const stickParts = "1\text4 483 MiB docs\n2\text4 483 MiB photos\n"

// The shells are told targets, partition numbers with what they are, and words of plans, also while another program has
// the image locked. They add names of files where nothing else fits.
func TestCompletion(t *testing.T) {
	testneed.Tool(t, "mkfs.ext4")
	dir := t.TempDir()
	image := filepath.Join(dir, "a b.raw")
	people()[0].run(t, "demo", "--make-only", image).want(t, exitDone)
	sh(t, dir, "mkdir sub .hidden plan.img.shunt; echo 'grow 1' >notes.txt; truncate -s 2M plan.img; truncate -s 3G $'odd\\nname.raw'")
	before := digest(t, image)
	held, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"info", image, ""}, stickParts + ":36\n"},
		{[]string{"ls", image, "p"}, strings.ReplaceAll("p"+stickParts, "\n2", "\np2") + ":36\n"},
		{[]string{"ls", "/nonexistent", ""}, ":36\n"},
		{[]string{"--sector-size", "7", "ls", image, ""}, ":4\n"},
		{[]string{"ls", image, "1", ""}, ":4\n"},
		{[]string{"info", dir + "/a"}, image + "\t966 MiB\n:0\n"},
		{[]string{"unmount", dir + "/s"}, dir + "/sub/\n:2\n"},
		{[]string{"unmount", dir + "/"}, ":0\n"}, // one name needs quotes, and bash adds them
		{[]string{"unmount", dir + "/."}, dir + "/.hidden/\n:2\n"},
		{[]string{"unmount", dir + "/o"}, ":0\n"},
		{[]string{"image", "diff", image, dir + "/p"}, dir + "/plan.img\t2.00 MiB\n:0\n"},
		{[]string{"table", "restore", image, dir + "/p"}, ":0\n"}, // any file
		{[]string{dir + "/p"}, dir + "/plan.img\t2.00 MiB\n:0\n"},
		{[]string{image, dir + "/p"}, dir + "/plan.img\t2.00 MiB\n:0\n"},
		{[]string{"enlarge", image, ""}, "to\nby\n:4\n"},
		{[]string{"shrink", image, ""}, "to\n:4\n"},
		{[]string{"shrink", image, "to", ""}, ":4\n"},
		{[]string{"cp", image}, image + ":\t966 MiB\n:2\n"},
		{[]string{"cp", image + ":"}, strings.NewReplacer("1\t", image+":1:\t", "2\t", image+":2:\t").Replace(stickParts) + ":38\n"},
		{[]string{"cp", image + ":1:/do"}, ":4\n"},
		{[]string{"apply", image, dir + "/n"}, dir + "/notes.txt\t7 B\n:32\n"},
		{[]string{"apply", image, "disc"}, "discard\n:32\n"},
		{[]string{"apply", image, "grow", ""}, stickParts + ":36\n"},
		{[]string{"apply", image, "new", "max", "l"}, "label=\n:38\n"},
		{[]string{"apply", image, "format", "1", "fs=ext"}, "fs=ext2\nfs=ext3\nfs=ext4\n:36\n"},
		{[]string{"mount", image, "1", ""}, ":16\n"},
		{[]string{"--sector-size", ""}, "512\n4096\n:4\n"},
	} {
		o := people()[0].run(t, slices.Concat([]string{"__complete"}, c.words)...)
		if o.out != c.want || o.code != 0 {
			t.Errorf("%q: exit code %d, %q, want %q", c.words, o.code, o.out, c.want)
		}
	}
	for means, want := range map[string]string{
		"home": "x\thome", "My_1.2-b": "x\tMy_1.2-b", "$(reboot)": "x", "a $b": "x\ta", "`x`": "x", "ü": "x", "": "x",
	} {
		if got := offered("x", means); got != want {
			t.Errorf("of %q the shells are told %q", means, got)
		}
	}
	t.Run("locks", func(t *testing.T) { completionLocksNothing(t, image) })
	t.Run("bash", func(t *testing.T) { bashCompletes(t, image) })
	if digest(t, image) != before {
		t.Error("completing wrote to the image")
	}
}

// completionLocksNothing checks that completion takes no lock and opens nothing for writing.
func completionLocksNothing(t *testing.T, image string) {
	t.Helper()
	strace := testneed.Tool(t, "strace")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(strace, "-f", "-y", "-o", log, "-e", "trace=flock,fcntl,open,openat,openat2", self, "__complete", "apply", image, "grow", "")
	cmd.Env = append(os.Environ(), envProgram+"=1")
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), stickParts) {
		t.Fatalf("%v: %s", err, out)
	}
	calls, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(calls), image) {
		t.Fatalf("%v: strace saw nothing of the image:\n%s", err, calls)
	}
	for call := range strings.Lines(string(calls)) {
		if strings.Contains(call, image) && (strings.Contains(call, "SETLK") || strings.Contains(call, "LOCK_") ||
			strings.Contains(call, "O_RDWR") || strings.Contains(call, "O_WRONLY")) {
			t.Errorf("%s", call)
		}
	}
}

// bashTries defines try, which completes a line as bash does: with the words split at the characters at which readline
// splits them.
const bashTries = `
. /usr/share/bash-completion/bash_completion
PATH=$PWD:$PATH COLUMNS=100
. <(shunt completion bash)
try() {
	COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMPREPLY=()
	read -ra COMP_WORDS <<<"$(sed 's/[:=]/ & /g' <<<"$1")"
	[[ $1 == *[\ :=] ]] && COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_completion_loader shunt 2>/dev/null
	__start_shunt 2>/dev/null
	local IFS='|'
	echo "$1|${COMPREPLY[*]}"
}
`

// bashCompletes checks that the script for bash, together with bash-completion, completes what is typed.
func bashCompletes(t *testing.T, image string) {
	t.Helper()
	testneed.Tool(t, "bash")
	testneed.File(t, "/usr/share/bash-completion/bash_completion")
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := "#!/bin/sh\n" + envProgram + "=1 exec '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "shunt"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	sh(t, dir, "mkdir sub; ln '"+image+"' stick.raw; ln stick.raw 'my disk.img'; truncate -s 1M x:y.img")
	script := bashTries
	var want strings.Builder
	for _, c := range [][2]string{
		{"shunt st", "stick.raw"},
		{"shunt info s", "stick.raw  (966 MiB)|sub/"},
		{"shunt info my", `my\ disk.img`},
		{"shunt info x", "x:y.img"},
		{"shunt info x:", "y.img"},
		{"shunt ls stick.raw ", "1  (ext4 483 MiB docs)|2  (ext4 483 MiB photos)"},
		{"shunt mount stick.raw p", "p1  (ext4 483 MiB docs)|p2  (ext4 483 MiB photos)"},
		{"shunt apply stick.raw mo", "move"},
		{"shunt apply stick.raw move 2 ", "right|left|to"},
		{"shunt apply stick.raw new max fs=ext", "ext2|ext3|ext4"},
		{"shunt apply stick.raw flag 1 bo", "boot"},
		{"shunt cp stick.raw:", "1:  (ext4 483 MiB docs)|2:  (ext4 483 MiB photos)"},
		{"shunt enlarge stick.raw ", "to|by"},
		{"shunt image sp", "sparsify"},
	} {
		script += "try '" + c[0] + "'\n"
		want.WriteString(c[0] + "|" + c[1] + "\n")
	}
	cmd := exec.Command("bash", "--norc", "-c", script)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil || string(out) != want.String() {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want.String())
	}
}
