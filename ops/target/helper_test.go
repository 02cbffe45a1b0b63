package target

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

var seedFlag = flag.Uint64("seed", 1, "seed of the random tests")

func random(t *testing.T) *rand.Rand {
	t.Helper()
	t.Logf("seed %d", *seedFlag)
	return rand.New(rand.NewPCG(*seedFlag, 0))
}

// helperVariable makes the test binary play another process: "hold", "open-rw", "hand-over", "adopt", "try".
const helperVariable = "SHUNT_TARGET_HELPER"

func TestMain(m *testing.M) {
	if role := os.Getenv(helperVariable); role != "" {
		if err := help(role, os.Args[1]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// help does what a role does, prints "ready PID" and stays until its standard input ends.
func help(role, path string) error {
	switch role {
	case "hold", "try":
		r, err := Open(path, Options{})
		if err != nil {
			return err
		}
		defer r.Close()
		if role == "try" {
			return nil
		}
	case "open-rw":
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
	case "hand-over":
		r, err := Open(path, Options{})
		if err != nil {
			return err
		}
		child := exec.Command("/proc/self/exe", r.Path())
		child.Env = append(os.Environ(), helperVariable+"=adopt")
		child.Stdin, child.Stdout, child.ExtraFiles = os.Stdin, os.Stdout, r.Files()
		if err := child.Run(); err != nil {
			return err
		}
		return nil
	case "adopt":
		r, err := Adopt(path, Options{}, []*os.File{os.NewFile(3, "image")})
		if err != nil {
			return err
		}
		if err := r.AllowWrites(); err != nil {
			return err
		}
		if _, err := r.WriteAt([]byte("adopted"), 512); err != nil {
			return err
		}
	}
	fmt.Println("ready", os.Getpid())
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a running helper.
type process struct {
	cmd   *exec.Cmd
	pid   int // of the one that said "ready"
	stdin io.Closer
}

// start runs a helper and waits until it is ready; it ends with the test at the latest.
func start(t *testing.T, role, path string) *process {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", path)
	cmd.Env = append(os.Environ(), helperVariable+"="+role)
	stdin, err := cmd.StdinPipe()
	require(t, err)
	stdout, err := cmd.StdoutPipe()
	require(t, err)
	require(t, cmd.Start())
	p := &process{cmd: cmd, stdin: stdin}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if _, err := fmt.Sscanf(line, "ready %d", &p.pid); err != nil {
		t.Fatalf("helper %s said %q", role, line)
	}
	return p
}

func require(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func requireIs(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := try(t, name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

func try(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(testneed.Tool(t, name), args...).CombinedOutput()
	return string(out), err
}

// image makes a sparse file of size bytes that starts with some text.
func image(t testing.TB, dir string, size int64) string {
	t.Helper()
	path := filepath.Join(dir, "stick.raw")
	content := []byte("not a table")
	require(t, os.WriteFile(path, content[:min(int64(len(content)), size)], 0o644))
	require(t, os.Truncate(path, size))
	return path
}

func open(t testing.TB, path string, opts Options) *Raw {
	t.Helper()
	opened, err := Open(path, opts)
	require(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	r, ok := opened.(*Raw)
	if !ok {
		t.Fatalf("%s opened as a %s", path, opened.Format())
	}
	return r
}

// writable is an open image that may be written.
func writable(t testing.TB, path string) *Raw {
	t.Helper()
	r := open(t, path, Options{})
	require(t, r.AllowWrites())
	return r
}

// unchanged remembers the file as it is; the function it returns fails the test if it changed since.
func unchanged(t *testing.T, path string) func() {
	t.Helper()
	before, info := digest(t, path), stat(t, path)
	return func() {
		t.Helper()
		if after := digest(t, path); after != before {
			t.Errorf("contents of %s changed", path)
		}
		if now := stat(t, path); now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()) {
			t.Errorf("size or time of %s changed: %d at %s, was %d at %s", path, now.Size(), now.ModTime(), info.Size(), info.ModTime())
		}
	}
}

func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require(t, err)
	return sha256.Sum256(data)
}

func stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	require(t, err)
	return info
}

// mounted is a directory on a new file system of the given size, made by a command that gets its image's name last.
func mounted(t *testing.T, size int64, mkfs ...string) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	dir := t.TempDir()
	disk, at := filepath.Join(dir, "fs.img"), filepath.Join(dir, "mnt")
	require(t, os.Mkdir(at, 0o755))
	require(t, os.WriteFile(disk, nil, 0o644))
	require(t, os.Truncate(disk, size))
	run(t, mkfs[0], append(mkfs[1:], disk)...)
	run(t, "mount", "-o", "loop", disk, at)
	t.Cleanup(func() { run(t, "umount", at) })
	return at
}

// inUse opens the image to edit it and expects to be told that the holder has it.
func inUse(t *testing.T, path, holder string) InUse {
	t.Helper()
	r, err := Open(path, Options{})
	if err == nil {
		_ = r.Close()
		t.Fatalf("opened, want it in use by %q", holder)
	}
	use, ok := errors.AsType[*InUse](err)
	if !ok || !strings.Contains(use.Holder, holder) || use.Path != path {
		t.Fatalf("got %v, want it in use by %q", err, holder)
	}
	return *use
}

// fill makes n random bytes, none of them zero.
func fill(r *rand.Rand, n int64) []byte {
	p := make([]byte, 0, n+8)
	for int64(len(p)) < n {
		p = binary.LittleEndian.AppendUint64(p, r.Uint64()|0x0101010101010101)
	}
	return p[:n]
}

func sameBytes(t *testing.T, r Target, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	_, err := r.ReadAt(got, 0)
	require(t, err)
	if !bytes.Equal(got, want) {
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("byte %d is %#x, want %#x", i, got[i], want[i])
			}
		}
	}
}
