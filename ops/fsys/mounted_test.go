package fsys

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/overlay"
	"shunt/ops/partfs"
	runner "shunt/ops/tool"
)

// canMount ends the test where this process cannot mount the file system.
func canMount(t *testing.T, fs string) {
	t.Helper()
	testneed.Root(t)
	switch reason := cannotMount(fs); {
	case reason.OK():
	case fs == "nilfs2" && !kernelHas(fs):
		testneed.Rare(t, string(reason))
	default:
		testneed.Missing(t, string(reason))
	}
}

// apart is a mount namespace like that of a worker. What is mounted in it can be unmounted for certain: in the namespace
// that all tests share, another process may be started at any time and take a copy of the mounts along.
type apart struct{ pid string }

func newApart(t *testing.T) apart {
	t.Helper()
	cmd := exec.Command(testneed.Tool(t, "unshare"), "--mount", "--propagation", "private", "sh", "-c", "echo ready; read end")
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		must(t, in.Close())
		_ = cmd.Wait() // read ends with 1
	})
	_, err = bufio.NewReader(out).ReadString('\n')
	must(t, err)
	return apart{strconv.Itoa(cmd.Process.Pid)}
}

// argv is a command line that runs another one in the namespace.
func (a apart) argv(argv ...string) []string {
	return append([]string{"nsenter", "--mount", "--root", "--target", a.pid, "--"}, argv...)
}

// run is a Runner.
func (a apart) run(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
	got, err := runner.Run(ctx, runner.Cmd{Argv: a.argv(argv...), OnOutput: onLine})
	return got.Exit, got.Output, err
}

// filled mounts the window at path, puts the fileTree into it, and unmounts it.
func filled(t *testing.T, path, fs, dir string) {
	t.Helper()
	a, at := newApart(t), t.TempDir()
	tool(t, a.argv("mount", "-n", "-i", "-t", fs, "-o", "loop,rw", path, at)...)
	tool(t, a.argv("cp", "-a", dir+"/.", at)...)
	tool(t, a.argv("umount", "-i", at)...)
}

// mountedContents reads all files of the file system in the window at path.
func mountedContents(t *testing.T, path, fs string) map[string]string {
	t.Helper()
	a, at, out := newApart(t), t.TempDir(), t.TempDir()
	tool(t, a.argv("mount", "-n", "-i", "-t", fs, "-o", "loop,rw", path, at)...)
	tool(t, a.argv("cp", "-a", at+"/.", out)...)
	tool(t, a.argv("umount", "-i", at)...)
	must(t, os.RemoveAll(filepath.Join(out, ".nilfs"))) // every NILFS2 has it
	return contents(t, out)
}

// loops are the loop devices over a file below the directory.
func loops(t *testing.T, dir string) (left []string) {
	t.Helper()
	backing, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	must(t, err)
	for _, file := range backing {
		if b, err := os.ReadFile(file); err == nil && strings.HasPrefix(string(b), dir) {
			left = append(left, file)
		}
	}
	return left
}

// copyData copies what is not zero to a file of zeros.
func copyData(t *testing.T, to io.WriterAt, from io.Reader) {
	t.Helper()
	b, zeros := make([]byte, 64*kib), make([]byte, 64*kib)
	for at := int64(0); ; {
		n, err := io.ReadFull(from, b)
		if !bytes.Equal(b[:n], zeros[:n]) {
			_, err := to.WriteAt(b[:n], at)
			must(t, err)
		}
		if err != nil {
			return // io.EOF, or a last piece that is shorter
		}
		at += int64(n)
	}
}

// TestResizeMounted resizes what can only be resized while it is mounted, in windows of an overlay and with files in
// it, which must all be there in the end; no mount and no loop device may be left.
func TestResizeMounted(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	for _, c := range []struct {
		kind  model.FSKind
		n     int64
		sizes []int64 // one after the other
	}{
		{model.XFS, 300 * mib, []int64{340*mib + 512, 341 * mib, 420*mib + 3*512}},
		{model.Btrfs, 270 * mib, []int64{400*mib + 512, 300*mib + 512, 420*mib + 3*512}},
		{model.NILFS2, 270 * mib, []int64{400*mib + 512, 300*mib + 512, 420*mib + 3*512}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			canMount(t, string(c.kind))
			ctx := t.Context()
			host := toolsHere(t, append(Of(c.kind).create.tools, Of(c.kind).check.tools...)...)
			image := sparse(t, c.n)
			must(t, host.Make(ctx, c.kind, image, Spec{SectorSize: geometry.Sector512, Label: "kept"}))
			dir := fileTree(t, 4*mib)
			filled(t, image, string(c.kind), dir)
			want := contents(t, dir)

			const from = 63 * 512
			base := sparse(t, 500*mib)
			copyData(t, io.NewOffsetWriter(open(t, base), from), open(t, image))
			ov := overlay.New(open(t, base), 500*mib, open(t, sparse(t, 0)))
			at := t.TempDir()
			server, err := partfs.Serve(ov, at, partfs.RootNamespace)
			must(t, err)
			t.Cleanup(func() { must(t, server.Close()) })
			tools := Tools{
				Run:        newApart(t).run,
				Open:       func(path string) (File, error) { return server.Open(path) },
				MountPoint: t.TempDir(),
			}
			var path string
			for _, size := range c.sizes {
				n := max(size, c.n)
				path = server.Set("p1", from, n)
				must(t, tools.Resize(ctx, c.kind, path, geometry.Bytes(size))) // it verifies the result
				path = server.Set("p1", from, size)
				must(t, tools.Verify(ctx, c.kind, path))
				fs, _, err := tools.probe(path)
				must(t, err)
				if int64(fs.Size) > size || int64(fs.Size) < size-mib && c.kind == model.Btrfs || fs.Label != "kept" {
					t.Errorf("resized to %d: %+v", size, fs)
				}
				if left := loops(t, at); left != nil {
					t.Errorf("loop devices are left: %v", left)
				}
				c.n = size
			}
			result := sparse(t, c.n)
			copyData(t, open(t, result), io.NewSectionReader(ov, from, c.n))
			sameFiles(t, mountedContents(t, result, string(c.kind)), want)
		})
	}
}

func TestResizeMountedRefusals(t *testing.T) {
	tools := toolsHere(t, "mkfs.xfs", "mkfs.btrfs", "xfs_repair", "btrfs")
	ctx := context.Background()
	xfs := sparse(t, 300*mib)
	must(t, tools.Make(ctx, model.XFS, xfs, Spec{SectorSize: geometry.Sector512}))
	one, two := sparse(t, 256*mib), sparse(t, 256*mib)
	tool(t, "mkfs.btrfs", "-q", one, two)
	for _, c := range []struct {
		do   func() error
		want string
	}{
		{func() error { return tools.Resize(ctx, model.XFS, xfs, 200*geometry.MiB) }, "cannot be shrunk"},
		{func() error { return tools.Resize(ctx, model.Btrfs, one, 200*geometry.MiB) }, "one of several devices"},
		{func() error { return checked(ctx, tools, model.Btrfs, two) }, "one of several devices"},
		{func() error { return tools.NewUUID(ctx, model.Btrfs, two, false) }, "one of several devices"},
		{func() error { setSize(t, xfs, 400*mib); return tools.Resize(ctx, model.XFS, xfs, 400*geometry.MiB) }, "no directory to mount it at"},
	} {
		if err := c.do(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestBtrfsTwin(t *testing.T) {
	for _, id := range []string{"", someUUID} {
		if no := Of(model.Btrfs).MayMount(model.Filesystem{Kind: model.Btrfs, UUID: id}); !no.OK() {
			t.Errorf("nothing is mounted: %s", no)
		}
	}
	mounted, err := filepath.Glob("/sys/fs/btrfs/*-*")
	must(t, err)
	for _, at := range mounted {
		if no := Of(model.Btrfs).MayMount(model.Filesystem{Kind: model.Btrfs, UUID: filepath.Base(at)}); no.OK() {
			t.Errorf("the twin of %s could be mounted", at)
		}
	}
}

// TestMountTriedAgain has a mount that fails as it does when others take loop devices at the same time, and one that fails
// each time.
func TestMountTriedAgain(t *testing.T) {
	again := []string{"mount", "mount", "losetup -f", "blockdev --setrw /dev/loop3"}
	for name, c := range map[string]struct {
		failures int
		exit     int
		ran      []string
		done     bool
	}{
		"at once":                  {0, mountFailed, []string{"mount", "do", "umount"}, true},
		"a device taken by others": {1, mountFailed, []string{"mount", "mount", "do", "umount"}, true},
		"a read-only device":       {2, mountFailed, slices.Concat(again, []string{"mount", "do", "umount"}), true},
		"never":                    {1000, mountFailed, slices.Concat(again, []string{"mount"}, again[2:], []string{"mount"}, again[2:], []string{"mount"}), false},
		"another failure":          {1, 2, []string{"mount"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var ran []string
			failures := c.failures
			tools := Tools{MountPoint: "/m", Run: func(_ context.Context, argv []string, _ func(string)) (int, string, error) {
				switch argv[0] {
				case "mount":
					ran = append(ran, "mount")
					if failures--; failures >= 0 {
						return c.exit, "", nil
					}
				case "umount":
					ran = append(ran, "umount")
				default:
					ran = append(ran, strings.Join(argv, " "))
				}
				return 0, "/dev/loop3\n", nil
			}}
			err := job{Tools: tools, driver: Of(model.Btrfs)}.whileMounted(t.Context(), "", func(string) error {
				ran = append(ran, "do")
				return nil
			})
			if (err == nil) != c.done || !slices.Equal(ran, c.ran) {
				t.Errorf("%v; it ran %q", err, ran)
			}
			if failed := new(ToolError); !c.done && (!errors.As(err, &failed) || failed.Exit != c.exit) {
				t.Errorf("%v does not give the exit code", err)
			}
		})
	}
}
