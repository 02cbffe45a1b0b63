package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
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
	"time"

	"shunt/model/testneed"
	"shunt/ops/worker"
)

var seedFlag = flag.Int64("seed", 0, "seed of the random tests, 0 for one from the clock")

func seed(tb testing.TB) int64 {
	tb.Helper()
	s := *seedFlag
	if s == 0 {
		s = time.Now().UnixNano()
	}
	tb.Logf("seed %d (repeat with -seed=%d)", s, s)
	return s
}

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
	cmd.Env = append(os.Environ(), envProgram+"=1", "PATH="+p.bin+":/usr/local/sbin:/usr/sbin:/sbin:"+os.Getenv("PATH"), "XDG_STATE_HOME=/dev/null")
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
	h := sha256.New()
	b, zero := make([]byte, piece), make([]byte, piece)
	for _, off := range dataPieces(t, path, piece) {
		part := b[:min(piece, size-off)]
		if _, err := f.ReadAt(part, off); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(part, zero[:len(part)]) {
			_ = binary.Write(h, binary.BigEndian, off) // a hash takes everything
			h.Write(part)
		}
	}
	_ = binary.Write(h, binary.BigEndian, size)
	return hex.EncodeToString(h.Sum(nil))
}

// sfdiskPart is one line of what sfdisk says of an image.
type sfdiskPart struct {
	Node         string `json:"node"`
	Start, Size  int64
	Type, UUID   string
	Name, Attrs  string
	Bootable     bool
	number       int
	startB, lenB int64
}

type sfdiskTable struct {
	Label, ID  string
	Partitions []sfdiskPart
	SectorSize int64
}

// sfdisk reads an image's table with somebody else's eyes.
func sfdisk(t testing.TB, image string) sfdiskTable {
	t.Helper()
	testneed.Tool(t, "sfdisk")
	var answer struct{ Partitiontable sfdiskTable }
	if err := json.Unmarshal([]byte(sh(t, ".", "sfdisk --json '"+image+"' 2>/dev/null")), &answer); err != nil {
		t.Fatal(err)
	}
	table := answer.Partitiontable
	if table.SectorSize == 0 {
		table.SectorSize = 512
	}
	for i := range table.Partitions {
		p := &table.Partitions[i]
		if _, err := fmt.Sscanf(strings.TrimPrefix(p.Node, image), "%d", &p.number); err != nil {
			if _, err := fmt.Sscanf(strings.TrimPrefix(p.Node, image), "p%d", &p.number); err != nil {
				t.Fatalf("node %q: %v", p.Node, err)
			}
		}
		p.startB, p.lenB = p.Start*table.SectorSize, p.Size*table.SectorSize
	}
	return table
}

func (s sfdiskTable) part(t testing.TB, number int) sfdiskPart {
	t.Helper()
	for _, p := range s.Partitions {
		if p.number == number {
			return p
		}
	}
	t.Fatalf("sfdisk sees no partition %d", number)
	return sfdiskPart{}
}

// extClean runs e2fsck, read-only, on the file system at a byte offset.
func extClean(t testing.TB, image string, off int64) {
	t.Helper()
	testneed.Tool(t, "e2fsck")
	sh(t, ".", fmt.Sprintf("e2fsck -fn '%s?offset=%d'", image, off))
}

// extFiles lists the files of an ext file system with their checksums.
func extFiles(t testing.TB, image string, off int64) map[string]string {
	t.Helper()
	testneed.Tool(t, "debugfs")
	dir := t.TempDir()
	sh(t, dir, fmt.Sprintf("debugfs -R 'rdump / %s' '%s?offset=%d' 2>&1", dir, image, off))
	return treeSums(t, dir)
}

func treeSums(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		content, err2 := os.ReadFile(path)
		sum := sha256.Sum256(content)
		files[rel] = hex.EncodeToString(sum[:])
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameFiles(t testing.TB, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s: content changed", name)
		}
	}
}

// plantTree makes a little tree of files for mkfs -d.
func plantTree(t testing.TB, dir string, rng *rand.Rand, bytes int) {
	t.Helper()
	for i, left := 0, bytes; left > 0; i++ {
		b := make([]byte, min(left, 1+rng.Intn(300_000)))
		rng.Read(b)
		name := filepath.Join(dir, fmt.Sprintf("d%d", i%3), fmt.Sprintf("f%d", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
		left -= len(b)
	}
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
