package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"hash/maphash"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/worker"
)

// envProgram makes the test binary behave like the program itself.
const envProgram = "SHUNT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	switch {
	case worker.Called():
		os.Exit(worker.Main(os.Stderr))
	case os.Getenv(envProgram) != "":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
		context.AfterFunc(ctx, stop)
		os.Exit(Main(ctx, append([]string{"shunt"}, os.Args[1:]...), Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	if signal.Ignored(syscall.SIGHUP) {
		// A test run that ignores the loss of its terminal (nohup) would hand that on to the programs it starts; what it
		// handles is reset for them.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	// These tests wait for disks and other programs as much as for the processor. What the command line says counts.
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	code := m.Run()
	if everybodys != "" {
		_ = os.RemoveAll(everybodys) // the system's directory for such files is cleared anyhow
	}
	os.Exit(code)
}

// person is who runs the program.
type person struct {
	name string
	uid  int    // -1: as the test itself
	bin  string // a directory with programs that come before those of the system, or ""
}

// people are those as whom a test is to run: the one who runs it, and nobody if that is root.
func people() []person {
	list := []person{{name: "self", uid: -1}}
	if os.Geteuid() == 0 {
		list = append(list, person{name: "nobody", uid: 65534})
	}
	return list
}

// dir is an empty directory that the person owns and can reach.
func (p person) dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if p.uid < 0 {
		return dir
	}
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, p.uid, p.uid); err != nil {
		t.Fatal(err)
	}
	return dir
}

// own gives the person a file.
func (p person) own(t testing.TB, path string) {
	t.Helper()
	if p.uid >= 0 {
		if err := os.Chown(path, p.uid, p.uid); err != nil {
			t.Fatal(err)
		}
	}
}

// outcome is how a run of the program ended.
type outcome struct {
	code     int
	out, err string
}

// program is a command that runs shunt with the given arguments.
func (p person) program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	self := "/proc/self/exe"
	if p.uid >= 0 {
		var err error
		if self, err = reachable(); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(self, args...)
	// Nothing is remembered in the home of whoever runs the tests.
	cmd.Env = append(os.Environ(), envProgram+"=1", "PATH="+p.bin+":/usr/local/sbin:/usr/sbin:/sbin:"+os.Getenv("PATH"), "XDG_STATE_HOME=/dev/null",
		"SHUNT_REHEARSE_AHEAD=off") // only where a test asks for it
	if p.uid >= 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(p.uid), Gid: uint32(p.uid)}}
		cmd.Env = append(cmd.Env, "HOME=/nonexistent")
	}
	return cmd
}

// reachable is a copy of the test binary that everybody may execute, made once. Another process writes it: as long as one
// that is being forked has it open for writing, nobody can execute it.
var reachable = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "shunt-everybody")
	if err != nil {
		return "", err
	}
	everybodys = dir
	path := filepath.Join(dir, "shunt.test")
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	return path, errors.Join(os.Chmod(dir, 0o755), exec.Command("install", "-m", "0755", self, path).Run())
})

// everybodys is the directory of reachable, "" if it was not made.
var everybodys string

func (p person) run(t testing.TB, args ...string) outcome {
	t.Helper()
	return finish(t, p.program(t, args...))
}

func finish(t testing.TB, cmd *exec.Cmd) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if both := out.String() + errs.String(); strings.Contains(both, "%!") {
		t.Errorf("a format verb is printed:\n%s", both)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (o outcome) want(t testing.TB, code int, words ...string) {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, want %d\n%s%s", o.code, code, o.out, o.err)
	}
	for _, w := range words {
		if !strings.Contains(o.err+o.out, w) {
			t.Fatalf("output lacks %q:\n%s%s", w, o.out, o.err)
		}
	}
}

// sh runs a shell script with the tools' directories on the path and returns its output.
func sh(t testing.TB, dir, script string) string {
	t.Helper()
	return testneed.Shell(t, dir, script)
}

// digestSeed makes the digests of this run: they are compared only with each other.
var digestSeed = maphash.MakeSeed()

// digest is the same for files with the same bytes. Zeroes are left out, but for where they are: most of an image is a hole,
// and reading it takes longer than all else in a test.
func digest(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	const piece = 1 << 16
	var h maphash.Hash
	h.SetSeed(digestSeed)
	b, zero := make([]byte, piece), make([]byte, piece)
	for _, off := range dataPieces(t, path, piece) {
		part := b[:min(piece, size-off)]
		if _, err := f.ReadAt(part, off); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(part, zero[:len(part)]) {
			maphash.WriteComparable(&h, off)
			_, _ = h.Write(part) // a hash takes everything
		}
	}
	maphash.WriteComparable(&h, size)
	return strconv.FormatUint(h.Sum64(), 16)
}

// allocated is how many bytes of the host's disk a file takes.
func allocated(t testing.TB, path string) int64 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Blocks * 512
}
