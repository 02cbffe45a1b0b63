package partfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
	"shunt/ops/overlay"
	"shunt/ops/tool"
)

// BenchmarkTools measures tools on a window and on a bare file with the same bytes.
func BenchmarkTools(b *testing.B) {
	testneed.File(b, device)
	testneed.Root(b)
	const size = 2048 * mib
	tmp := b.TempDir()
	image := filepath.Join(tmp, "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.Truncate(image, size); err != nil {
		b.Fatal(err)
	}
	run(b, ok, "mkfs.ext4", "-q", "-F", image)
	if err := fillExt(b, tmp, image); err != nil {
		b.Fatal(err)
	}
	jobs := []struct {
		name string
		argv [][]string
	}{
		{"e2fsck", [][]string{{"e2fsck", "-f", "-n", "PATH"}}},
		{"grow", [][]string{{"resize2fs", "-f", "PATH", "2048M"}}},
		{"shrink", [][]string{{"resize2fs", "-f", "PATH", "1024M"}}},
		{"mkfs", [][]string{{"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", "PATH"}}},
	}
	for _, job := range jobs {
		do := func(b *testing.B, path string) {
			b.Helper()
			for _, argv := range job.argv {
				argv = slices.Clone(argv)
				argv[slices.Index(argv, "PATH")] = path
				run(b, ok, argv...)
			}
		}
		prepare := func(b *testing.B, path string) {
			b.Helper()
			if job.name == "grow" {
				run(b, ok, "resize2fs", "-f", path, "1500M")
			}
		}
		b.Run(job.name+"/file", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				copied := filepath.Join(tmp, "copy")
				run(b, ok, "cp", "--sparse=always", image, copied)
				prepare(b, copied)
				run(b, ok, "sync", copied)
				b.StartTimer()
				do(b, copied)
			}
		})
		b.Run(job.name+"/window", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w, path := openBench(b, image, size)
				prepare(b, path)
				b.StartTimer()
				do(b, path)
				b.StopTimer()
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// fillExt puts some thousand files into the file system of an image.
func fillExt(b *testing.B, tmp, image string) error {
	b.Helper()
	var script strings.Builder
	small := filepath.Join(tmp, "small")
	if err := os.WriteFile(small, bytes.Repeat([]byte("x"), 100_000), 0o600); err != nil {
		return err
	}
	for d := range 50 {
		fmt.Fprintf(&script, "mkdir d%d\n", d)
		for f := range 100 {
			fmt.Fprintf(&script, "write %s d%d/f%d\n", small, d, f)
		}
	}
	commands := filepath.Join(tmp, "commands")
	if err := os.WriteFile(commands, []byte(script.String()), 0o600); err != nil {
		return err
	}
	run(b, ok, "debugfs", "-w", "-f", commands, image)
	return nil
}

// openBench shows an image as a window; what it opened is closed when the benchmark ends.
func openBench(b *testing.B, image string, size int64) (*Server, string) {
	b.Helper()
	base, err := os.Open(image)
	if err != nil {
		b.Fatal(err)
	}
	spill, err := os.CreateTemp(b.TempDir(), "spill")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = base.Close()
		_ = spill.Close()
	})
	s, err := Serve(overlay.New(base, size, spill), b.TempDir(), RootNamespace)
	if err != nil {
		b.Fatal(err)
	}
	return s, s.Set("p1", 0, size)
}

// BenchmarkCell runs a program that does nothing, as it is and in a sandbox.
func BenchmarkCell(b *testing.B) {
	if os.Getenv(insideVar) == "" {
		b.Skip("is run by hand, in a namespace: " + insideVar + "=root-namespace unshare -m go test -bench Sandbox")
	}
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		b.Fatal(err)
	}
	mountDir, err := NewMountDir(RootNamespace)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = mountDir.Close() }()
	began := time.Now()
	sandbox, lacks, err := mountDir.Confine()
	if err := errors.Join(err, lacks); err != nil {
		b.Fatal(err)
	}
	b.Logf("made in %s", time.Since(began))
	for name, in := range map[string]*tool.Sandbox{"outside": nil, "inside": sandbox} {
		b.Run(name, func(b *testing.B) {
			ctx := tool.WithSandbox(context.Background(), func() *tool.Sandbox { return in })
			for b.Loop() {
				if _, err := tool.Run(ctx, tool.Cmd{Argv: []string{"true"}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
