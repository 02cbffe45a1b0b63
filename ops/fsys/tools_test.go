package fsys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	runner "shunt/ops/tool"
)

const (
	kib = 1 << 10
	mib = 1 << 20

	someUUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
)

// tool runs a program that must succeed and returns what it printed.
func tool(t testing.TB, argv ...string) string {
	t.Helper()
	out, exit := try(t, argv...)
	if exit != 0 {
		t.Fatalf("%s: exit code %d\n%s", strings.Join(argv, " "), exit, out)
	}
	return out
}

// try runs a program and returns what it printed and its exit code.
func try(t testing.TB, argv ...string) (string, int) {
	t.Helper()
	exit, out, err := runReal(context.Background(), append([]string{testneed.Tool(t, argv[0])}, argv[1:]...), nil)
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(argv, " "), err)
	}
	return out, exit
}

// runReal is a Runner that runs programs for the tests.
func runReal(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if !strings.Contains(argv[0], "/") {
		path, err := runner.Find(argv[0])
		if err != nil {
			return -1, "", err
		}
		cmd = exec.CommandContext(ctx, path, argv[1:]...)
	}
	cmd.Env = append(os.Environ(), "LC_ALL=C", "LANG=C")
	out, err := cmd.CombinedOutput()
	if onLine != nil {
		for line := range strings.Lines(string(out)) {
			onLine(strings.TrimSuffix(line, "\n"))
		}
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return -1, string(out), err
	}
	return cmd.ProcessState.ExitCode(), string(out), nil
}

// sparse makes a file of n zero bytes and returns its path.
func sparse(t testing.TB, n int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "window")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	setSize(t, path, n)
	return path
}

func setSize(t testing.TB, path string, n int64) {
	t.Helper()
	if err := os.Truncate(path, n); err != nil {
		t.Fatal(err)
	}
}

func fileSize(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func open(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// fileTree makes a directory with files and directories of many sizes, about total bytes, always the same.
func fileTree(t testing.TB, total int) string {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := 0; total > 0; i++ {
		size := []int{0, 10, 700, 4096, 5000, 30000, 200000, 1000000}[rng.IntN(8)]
		sub := filepath.Join(dir, fmt.Sprintf("dir%d", i%7))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("file%03d", i)), filler(rng, size), 0o644); err != nil {
			t.Fatal(err)
		}
		total -= size + 500
	}
	return dir
}

func filler(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// contents reads all files below dir, by path; lost+found is left out.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// extContents reads all files in an ext image.
func extContents(t testing.TB, image string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	tool(t, "debugfs", "-R", "rdump / "+dir, image)
	return contents(t, dir)
}

func sameFiles(t testing.TB, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for name, b := range want {
		if g, ok := got[name]; !ok || !bytes.Equal([]byte(g), []byte(b)) {
			t.Errorf("file %s differs (there: %t)", name, ok)
		}
	}
}

// script feeds commands to debugfs.
func script(t testing.TB, image, commands string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(commands), 0o600); err != nil {
		t.Fatal(err)
	}
	try(t, "debugfs", "-w", "-f", file, image)
}
