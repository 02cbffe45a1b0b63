package cli

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/fsys"
)

var everyConfined = flag.Bool("confined", false, "try the confinement of tools with everything that can be done with each file system, also as an ordinary user")

// TestToolsSeeTheirWindowOnly does with each file system what its tools can do, and looks on with strace: no tool opens
// anything for writing but its window, a temporary file or one of the devices that are none, and of /dev nothing else at all.
func TestToolsSeeTheirWindowOnly(t *testing.T) {
	testneed.Tool(t, "strace")
	caps := fsys.Discover()
	for _, p := range people() {
		for _, f := range matrixKinds() {
			switch {
			case p.uid >= 0 && f.root, !*everyConfined && p.uid >= 0 && f.kind != model.Ext4:
				continue
			case !*everyConfined && slices.Contains(sameTools, f.kind):
				continue
			}
			t.Run(p.name+"/"+string(f.kind), func(t *testing.T) {
				t.Parallel()
				image := p.confinedDisk(t, f)
				plan := confinedPlan(f, caps.Of(f.kind))
				p.traced(t, "apply", "--rehearse", image, p.write(t, plan))
				p.traced(t, "info", image, "1")
				p.traced(t, "ls", image, "1")
			})
		}
	}
}

// sameTools are the kinds that have the tools of another one, or none.
var sameTools = []model.FSKind{model.Ext2, model.Ext3, model.FAT12, model.FAT16, model.LVM2}

// confinedDisk is an image with the file system as its first partition, and room behind it.
func (p person) confinedDisk(t *testing.T, f matrixFS) string {
	t.Helper()
	window, _ := f.make(t, 4*mib/512)
	image := filepath.Join(p.dir(t), "disk.raw")
	sh(t, ".", fmt.Sprintf("truncate -s %dM '%s'; printf 'label: gpt\nstart=4MiB,size=%dMiB\n' | sfdisk -q '%[2]s'", 3*f.size+20, image, f.size))
	putInto(t, window, image, 4*mib)
	p.own(t, image)
	return image
}

// confinedPlan is all that can be done with a file system; in the short version what takes tools of their own.
func confinedPlan(f matrixFS, can ops.Capability) string {
	var plan strings.Builder
	do := func(reason model.Reason, line string, args ...any) {
		if reason.OK() {
			fmt.Fprintf(&plan, line+"\n", args...)
		}
	}
	do(can.Check, "check 1")
	do(can.UUID, "uuid 1 new")
	do(can.Label, `label 1 "FRESH"`)
	do(can.Grow, "resize 1 to %dMiB", larger(f.size))
	if *everyConfined {
		do(can.Shrink, "resize 1 to %dMiB", f.size)
	}
	if can.Create.OK() {
		do("", "new %dMiB at %dMiB fs=%s", f.size, 2*f.size+10, f.kind)
	}
	do("", "image grow 1MiB")
	return plan.String()
}

func (p person) write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(p.dir(t), "plan")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// traced runs the program under strace and looks at what its tools opened.
func (p person) traced(t *testing.T, args ...string) {
	t.Helper()
	out := filepath.Join(p.dir(t), "trace")
	cmd := p.program(t, args...)
	self, err := os.Readlink(cmd.Path)
	if err != nil {
		self = cmd.Path
	}
	// Each thread begins with sigaltstack or set_robust_list. Until strace has seen one of its calls, it stops the thread at
	// every other call too, in spite of --seccomp-bpf.
	const calls = "trace=%process,open,openat,openat2,creat,mknod,mknodat,mount,connect,sigaltstack,set_robust_list"
	argv := []string{"strace", "-f", "--seccomp-bpf", "-qq", "-s", "300", "-o", out, "-e", calls, self}
	cmd.Path, cmd.Args = testneed.Tool(t, "strace"), append(argv, args...)
	got := finish(t, cmd)
	if got.code != 0 && !(args[0] == "ls" && got.code == exitRefused) { // not every kernel reads every file system
		t.Fatalf("%v: exit code %d\n%s%s", args, got.code, got.out, got.err)
	}
	// nilfs-tune works on block devices only.
	if said := got.out + got.err; args[0] == "info" && !strings.Contains(said, "nilfs-tune") && (strings.Contains(said, "ended with exit code") || strings.Contains(said, "was killed")) {
		t.Errorf("%v: its tool cannot work\n%s", args, said)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	ran := toolCalls(bufio.NewScanner(f), self, func(tool, call string) {
		if wrong := opensTooMuch(tool, call); wrong != "" {
			t.Errorf("%v: %s %s: %s", args, tool, wrong, call)
		}
	})
	if args[0] == "apply" && ran == 0 && !strings.Contains(got.out+got.err, "instant") {
		t.Errorf("%v: no tool ran", args)
	}
}

var (
	traceLine = regexp.MustCompile(`^(\d+) +(.*)$`)
	traceExec = regexp.MustCompile(`^execve(?:at)?\("([^"]*)".* = 0$`)
	traceFork = regexp.MustCompile(`^(?:clone|clone3|fork|vfork)\(.* = (\d+)$`)
	traceOpen = regexp.MustCompile(`^(?:open|openat|openat2|creat)\((?:[A-Z_]+|\d+)?,? ?"([^"]*)"(.*) = (-?\d+)`)
)

// toolCalls hands on every system call of a process that runs another program than shunt, and tells how many there were of
// those programs.
func toolCalls(lines *bufio.Scanner, self string, each func(tool, call string)) (ran int) {
	program, begun := map[string]string{}, map[string]string{} // by process
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := traceLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		pid, call := m[1], m[2]
		if rest, ok := strings.CutSuffix(call, " <unfinished ...>"); ok {
			begun[pid] = rest
			continue
		}
		if _, rest, ok := strings.Cut(call, " resumed>"); ok && strings.HasPrefix(call, "<... ") {
			call = begun[pid] + rest
		}
		if m := traceFork.FindStringSubmatch(call); m != nil && program[m[1]] == "" {
			program[m[1]] = program[pid]
		}
		if m := traceExec.FindStringSubmatch(call); m != nil {
			program[pid] = m[1]
			if m[1] == self || m[1] == "/proc/self/exe" {
				program[pid] = ""
			} else {
				ran++
			}
			continue
		}
		switch tool := filepath.Base(program[pid]); tool {
		case ".", "fusermount3", "sh": // shunt itself, and what mounts for it where it may not
		default:
			each(tool, call)
		}
	}
	return ran
}

// opensTooMuch is what is wrong with a system call of a tool, "" if nothing is.
func opensTooMuch(tool, call string) string {
	mounts := tool == "mount" || tool == "umount" || tool == "losetup" || tool == "blockdev"
	switch {
	case strings.HasPrefix(call, "mknod") && strings.HasSuffix(call, " = 0"):
		return "made a node"
	case strings.HasPrefix(call, "mount(") && strings.HasSuffix(call, " = 0") && !mounts:
		return "mounted something"
	case strings.HasPrefix(call, "connect(") && strings.HasSuffix(call, " = 0"):
		return "reached somebody"
	}
	m := traceOpen.FindStringSubmatch(call)
	if m == nil || strings.HasPrefix(m[3], "-") {
		return ""
	}
	path := filepath.Clean(m[1])
	switch path {
	case "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty":
		return ""
	}
	node := mounts || tool == "nilfs-resize" || tool == "xfs_growfs"
	if strings.HasPrefix(path, "/dev/") && !(node && strings.HasPrefix(path, "/dev/loop")) {
		return "opened a device"
	}
	writes := strings.Contains(m[2], "O_WRONLY") || strings.Contains(m[2], "O_RDWR") || strings.Contains(m[2], "O_CREAT")
	allowed := strings.HasPrefix(path, "/dev/loop") || strings.HasPrefix(path, "/tmp/") || strings.Contains(path, "/windows/") || strings.HasPrefix(path, "/inside/")
	if writes && !allowed {
		return "opened for writing"
	}
	return ""
}

// TestTraceReads makes sure that the reader of traces notices what it looks for.
func TestTraceReads(t *testing.T) {
	const trace = `1 execve("/x/shunt", ["shunt"], 0x1) = 0
1 openat(AT_FDCWD, "/dev/sda", O_RDWR) = 3
1 clone(child_stack=NULL) = 2
2 execve("/usr/sbin/e2fsck", ["e2fsck"], 0x1) = 0
2 openat(AT_FDCWD, "/sys/fs/fuse/connections/windows/p1", O_RDWR) = 3
2 openat(AT_FDCWD, "/dev/sda", O_RDONLY <unfinished ...>
1 openat(AT_FDCWD, "/a", O_RDWR) = 3
2 <... openat resumed>) = 4
2 openat(AT_FDCWD, "/dev/sdb", O_RDWR) = -1 ENOENT (No such file or directory)
2 vfork() = 3
3 openat(AT_FDCWD, "/etc/mtab", O_RDWR|O_CLOEXEC) = 5
3 mknodat(AT_FDCWD, "/tmp/x", S_IFBLK|0600, makedev(0x7, 0)) = 0
`
	var wrong []string
	ran := toolCalls(bufio.NewScanner(strings.NewReader(trace)), "/x/shunt", func(tool, call string) {
		if text := opensTooMuch(tool, call); text != "" {
			wrong = append(wrong, tool+" "+text)
		}
	})
	if got := strings.Join(wrong, ", "); ran != 1 || got != "e2fsck opened a device, e2fsck opened for writing, e2fsck made a node" {
		t.Errorf("%d, %s", ran, got)
	}
}
