package cli

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

var killsFlag = flag.Int("kills", 12, "how often to kill a run of the program")

// killPlan moves, shrinks and grows within the image that gpt-by-sgdisk makes: both partitions change.
const killPlan = "resize 1 to 50MiB\nmove 1 right 20MiB\nmove 3 left 48MiB\nresize 3 to 90MiB\nimage grow 10MiB\n"

// TestKill kills every process of the program at random moments of an apply and recovers, every other time
// backwards. The image must be byte for byte what it was, or exactly as planned, with every file whole.
func TestKill(t *testing.T) {
	t.Parallel()
	kill(t, planKilled(t), *killsFlag, func(t *testing.T, image string) string { return image }, func(*testing.T, string) string { return "raw" })
}

// TestKillEnlarge does the same to `shunt enlarge`, fewer times.
func TestKillEnlarge(t *testing.T) {
	t.Parallel()
	k := killing{
		command: "enlarge", words: []string{"by", "70MiB", "--partition", "1"}, size: 390 * mib,
		at: map[int]place{1: {64 * mib, 261 * mib}, 3: {325 * mib, 64 * mib}},
	}
	kill(t, k, (*killsFlag+2)/3, func(t *testing.T, image string) string { return image }, func(*testing.T, string) string { return "raw" })
}

// killing is a command that is killed, with what follows the image on its line, and where the partitions are afterwards.
type killing struct {
	command string
	words   []string
	at      map[int]place
	size    int64
	daemon  bool // a daemon serves the image, and is killed too
	late    bool // the commit takes its time, and its last moments count as much as the first
}

// args are the arguments for an image.
func (k killing) args(image string, flags ...string) []string {
	return slices.Concat([]string{k.command, "--yes"}, flags, []string{image}, k.words)
}

// planKilled applies killPlan.
func planKilled(t *testing.T) killing {
	t.Helper()
	plan := filepath.Join(t.TempDir(), "plan")
	if err := os.WriteFile(plan, []byte(killPlan), 0o644); err != nil {
		t.Fatal(err)
	}
	return killing{command: "apply", words: []string{plan}, at: map[int]place{1: {84 * mib, 50 * mib}, 3: {144 * mib, 90 * mib}}, size: 330 * mib}
}

// TestKillQcow2 does the same to qcow2 images: whatever is killed, QEMU finds nothing to mend in them.
func TestKillQcow2(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-img")
	raw := func(t *testing.T, image string) string {
		t.Helper()
		out := filepath.Join(t.TempDir(), "disk")
		sh(t, ".", fmt.Sprintf("qemu-img check -q '%s' && qemu-img convert -O raw '%s' '%s'", image, image, out))
		return out
	}
	kill(t, planKilled(t), *killsFlag, raw, func(t *testing.T, image string) string {
		t.Helper()
		sh(t, filepath.Dir(image), fmt.Sprintf("qemu-img convert -c -O qcow2 '%s' made && mv made '%s'", image, image))
		return "qcow2"
	})
}

// kill runs the test so many times on images that pack makes of raw ones. unpack makes a raw one of such an image again.
func kill(t *testing.T, run killing, times int, unpack, pack func(t *testing.T, image string) string) {
	t.Helper()
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	p := people()[0]
	d := disks()[0]
	tr := d.trial(t, rng)
	original, files := tr.image, tr.files
	original = clone(t, original)
	pack(t, original)
	planned := clone(t, original)
	took := time.Now()
	p.run(t, run.args(planned)...).want(t, 0)
	total := time.Since(took)

	k := killed{killing: run, t: t, p: p, unpack: unpack, before: digest(t, unpack(t, original)), disk: d, files: files, original: original}
	for i := range times {
		at := moment(rng, i, total)
		if run.late {
			at = when{after: total*time.Duration(i%4)/4 + time.Duration(rng.Int63n(int64(total)/4))}
		}
		k.once(i, at, i%2 == 1)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills: %d before the commit, %d in it, %d after it", times, k.early, k.amid, k.late)
}

// when is the moment of a kill: some time after the start, or after the report, which is when the commit begins.
type when struct {
	report bool
	after  time.Duration
}

func moment(rng *rand.Rand, i int, total time.Duration) when {
	if i%4 == 0 {
		return when{after: time.Duration(rng.Int63n(int64(total)))}
	}
	return when{report: true, after: time.Duration(rng.Int63n(int64(40 * time.Millisecond)))}
}

type killed struct {
	killing
	t                 *testing.T
	p                 person
	unpack            func(t *testing.T, image string) string
	before            string
	disk              disk
	files             map[int]map[string]string
	original          string
	early, amid, late int
}

func (k *killed) once(i int, w when, back bool) {
	t := k.t
	t.Helper()
	image := clone(t, k.original)
	cmd := k.p.program(t, k.args(image, "--json")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if w.report {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), `{"report"`) {
		}
	}
	<-time.After(w.after)
	strike(t, image, cmd, k.victim(i))

	args := []string{"recover", image}
	if back {
		args = append(args, "--rollback")
	}
	if i%5 == 3 { // the recovery is killed as well
		first := k.p.program(t, args...)
		if err := first.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(w.after)
		strike(t, image, first, k.victim(i))
	}
	o := k.p.run(t, args...)
	o.want(t, 0)
	what := k.judge(image)
	switch {
	case strings.Contains(o.err, "no unfinished transaction") && what == "before":
		k.early++
	case strings.Contains(o.err, "no unfinished transaction"):
		k.late++
	default:
		k.amid++
		if want := map[bool]string{true: "before", false: "after"}[back]; what != want {
			t.Errorf("kill %d at %+v: the image is as %s, want %s\n%s", i, w, what, want, o.err)
		}
	}
	if what == "after" {
		k.undo(image, i, w)
	}
	if left, err := os.ReadDir(filepath.Dir(image)); err != nil || len(left) != 1 {
		t.Errorf("kill %d at %+v: left behind %v %v", i, w, left, err)
	}
	if mounts := sh(t, ".", "grep -c '"+image+"' /proc/self/mountinfo || true"); strings.TrimSpace(mounts) != "0" {
		t.Errorf("kill %d: a mount is left", i)
	}
	if !t.Failed() {
		if err := os.RemoveAll(filepath.Dir(image)); err != nil { // hundreds of them are more than a disk holds
			t.Error(err)
		}
	}
}

// victim says who is killed.
type victim int

const (
	everybody victim = iota
	theWorker
	theParent
	theDaemon
)

// victim says who is killed the nth time.
func (k killing) victim(n int) victim {
	if k.daemon {
		return []victim{theDaemon, everybody, theDaemon, theWorker, theParent}[n%5]
	}
	return victim(n % 3)
}

// strike kills some of a run's processes and waits for the end of all: what loses its worker or its parent has to end by
// itself, tools included.
func strike(t *testing.T, image string, parent *exec.Cmd, v victim) {
	t.Helper()
	switch v {
	case everybody:
		killAll(t, image)
	case theWorker:
		for _, pid := range processesOf(t, image) {
			if isWorker(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
			}
		}
	case theDaemon:
		for _, pid := range processesOf(t, image) {
			sh(t, ".", fmt.Sprintf("pkill -KILL -P %d -x qemu-storage-da || true", pid)) // it may not have begun
		}
	case theParent:
		_ = parent.Process.Kill()
	}
	_ = parent.Wait() // however it ended
	workersGone(t, image)
}

// undo takes back what was applied, killed at some moment as the apply was, and ends what that left.
func (k *killed) undo(image string, i int, w when) {
	t := k.t
	t.Helper()
	cmd := k.p.program(t, "undo", "--yes", image)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-time.After(w.after)
	killAll(t, image)
	_ = cmd.Wait() // it was killed
	k.p.run(t, "recover", "--rollback", image).want(t, 0)
	if k.judge(image) == "after" {
		o := k.p.run(t, "undo", "--yes", image)
		if k.daemon && strings.Contains(o.err, "no transaction that can be undone") {
			return // the daemon was killed while the commit read back what an undo has to compare
		}
		o.want(t, 0, "Rolled back: the target is")
	}
	if k.judge(image) != "before" {
		t.Errorf("kill %d at %+v: after the undo the image is not what it was", i, w)
	}
}

// judge says whether the image is as before or as planned, by other people's tools.
func (k *killed) judge(image string) string {
	t := k.t
	t.Helper()
	image = k.unpack(t, image)
	defer func() {
		if image != k.original && !strings.HasSuffix(image, ".raw") {
			_ = os.Remove(image)
		}
	}()
	if digest(t, image) == k.before {
		return "before"
	}
	table := oracle.SFDisk(t, image)
	for n, want := range k.at {
		got := table.Part(t, n)
		if got.Off != want.start || got.Len != want.size {
			t.Fatalf("p%d lies at %d+%d; the image is neither as before nor as planned:\n%s", n, got.Off, got.Len,
				sh(t, ".", "cmp -l '"+k.unpack(t, k.original)+"' '"+image+"' | head -20"))
		}
		oracle.ExtClean(t, image, got.Off)
		oracle.SameFiles(t, oracle.ExtFiles(t, image, got.Off), k.files[n])
	}
	if size := fileSize(t, image); size != k.size {
		t.Fatalf("the image has %d bytes", size)
	}
	return "after"
}

func clone(t *testing.T, image string) string {
	t.Helper()
	dir := t.TempDir()
	sh(t, dir, "cp --sparse=always --reflink=auto '"+image+"' copy.raw")
	return filepath.Join(dir, "copy.raw")
}

// killAll kills every process whose command line names the image, worker and tools included, and waits until they are
// gone.
func killAll(t *testing.T, image string) {
	t.Helper()
	for range 2000 {
		pids := processesOf(t, image)
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
		}
		<-time.After(time.Millisecond)
	}
	t.Fatal("processes of a killed run stay")
}

func processesOf(t *testing.T, image string) []int {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, dir := range dirs {
		cmdline, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !strings.Contains(string(cmdline), image) {
			continue
		}
		state, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil || strings.Contains(string(state), ") Z ") {
			continue // gone, or waiting for its parent only
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}
