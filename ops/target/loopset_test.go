package target

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// setUp is a loop device on a file that goes with the test.
func setUp(t *testing.T, path string, l Loop) (Loop, *os.File) {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer f.Close()
	l.File, l.Passing = path, true
	set, device, err := SetUpLoop(f, l, 512)
	require(t, err)
	t.Cleanup(func() { _ = device.Close() })
	return set, device
}

func TestLoopDevices(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	if loops, err := LoopsOn(path); err != nil || len(loops) > 0 {
		t.Errorf("%v, %v", loops, err)
	}
	whole, _ := setUp(t, path, Loop{})
	part, device := setUp(t, path, Loop{Offset: 1 << 20, Limit: 4 << 20, ReadOnly: true})
	loops, err := LoopsOn(path)
	require(t, err)
	want := []Loop{whole, part}
	byNode := func(x, y Loop) int { return strings.Compare(x.Node, y.Node) }
	slices.SortFunc(loops, byNode)
	slices.SortFunc(want, byNode)
	if !slices.Equal(loops, want) {
		t.Errorf("got  %+v\nwant %+v", loops, want)
	}
	got, err := LoopAt(part.Node)
	require(t, err)
	if got != part || got.Whole() || !whole.Whole() {
		t.Errorf("got %+v", got)
	}
	if _, err := device.WriteAt(make([]byte, 512), 0); err == nil {
		t.Error("a read-only loop device was written to")
	}
	for _, other := range []string{path, "/dev/null"} {
		if _, err := LoopAt(other); !errors.Is(err, ErrNoLoop) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if _, err := LoopAt(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// requireSays makes sure that a target is refused with these words.
func requireSays(t *testing.T, name string, opts Options, want string) {
	t.Helper()
	b, err := Open(name, opts)
	if err == nil {
		_ = b.Close()
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestHold keeps others off and can write nothing; parts of an image that are shown already are admitted on request.
func TestHold(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	require(t, os.Chmod(path, 0o444))
	held, err := Open(path, Options{Mode: Hold})
	require(t, err)
	requireIs(t, held.AllowWrites(), ErrNotAllowed)
	inUse(t, path, "this program itself")
	require(t, held.Close())
	require(t, os.Chmod(path, 0o644))

	part, _ := setUp(t, path, Loop{Offset: 1 << 20, Limit: 4 << 20})
	requireSays(t, path, Options{Mode: Hold}, part.Node)
	requireSays(t, path, Options{Mode: Edit, Shown: true}, part.Node)
	held, err = Open(path, Options{Mode: Hold, Shown: true})
	require(t, err)
	uses := held.Uses([]Part{{1, 0, 1 << 20}, {2, 1 << 20, 4 << 20}, {3, 5 << 20, 1 << 20}})
	if len(uses) != 1 || uses[2].String() != "used by loop device "+part.Node {
		t.Errorf("uses: %v", uses)
	}
	if use, ok := errors.AsType[*InUse](held.Unused()); !ok || !strings.Contains(use.Holder, part.Node) {
		t.Errorf("unused: %v", held.Unused())
	}
	require(t, held.Close())
	whole, _ := setUp(t, path, Loop{})
	requireSays(t, path, Options{Mode: Hold, Shown: true}, whole.Node)
}

// TestDetach takes the partitions with it, and changes nothing if it cannot.
func TestDetach(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	loop := loopOfKept(t, path)
	b := openLoop(t, loop, Options{Mode: Hold})
	parts := []Part{{1, 1 << 20, 10 << 20}, {2, 12 << 20, 10 << 20}}
	require(t, b.Follow(parts))
	require(t, b.Knows(parts[0]))
	if b.Knows(Part{1, 2 << 20, 10 << 20}) == nil || b.Knows(Part{3, 0, 1}) == nil {
		t.Error("the kernel knows what is not there")
	}
	node, done, err := b.NodeFor(2)
	require(t, err)
	require(t, done())
	f, err := os.Open(node)
	require(t, err)
	if err := b.Detach(); err == nil || !strings.Contains(err.Error(), "p2") {
		t.Errorf("with p2 open: %v", err)
	}
	require(t, f.Close())
	b = openLoop(t, loop, Options{Mode: Hold})
	if have, err := b.kernelParts(); err != nil || !slices.Equal(have, parts) {
		t.Errorf("after a refusal: %v, %v", have, err)
	}
	require(t, b.Detach())
	if loops, err := LoopsOn(path); err != nil || len(loops) > 0 {
		t.Errorf("%v, %v", loops, err)
	}
	if left, _ := filepath.Glob(loop + "p*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// loopOfKept is a loop device that the test detaches itself.
func loopOfKept(t *testing.T, path string) string {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require(t, err)
	defer f.Close()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	l, device, err := SetUpLoop(f, Loop{File: path}, 512)
	require(t, err)
	require(t, device.Close())
	t.Cleanup(func() {
		if still, err := LoopAt(l.Node); err == nil && still.File == path {
			if opened, err := Open(l.Node, Options{Mode: Hold}); err == nil {
				_ = opened.(*Block).Detach()
			}
		}
	})
	return l.Node
}

// TestLend lets a partition be mounted beside an open session.
func TestLend(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	loop := loopOf(t, path)
	run(t, "addpart", loop, "1", "2048", "20480")
	run(t, "mkfs.ext4", "-q", loop+"p1")
	b := openLoop(t, loop, Options{})
	at := t.TempDir()
	p := Part{1, 1 << 20, 10 << 20}
	require(t, b.Lend(func() error { run(t, "mount", loop+"p1", at); return nil }))
	if b.claim != nil || !slices.Equal(b.Mounts(p), []string{at}) || b.Uses(nil)[1].GrowsAt() != at {
		t.Errorf("claim %v, mounted at %v", b.claim, b.Mounts(p))
	}
	require(t, b.Lend(func() error { run(t, "umount", at); return nil }))
	if b.claim == nil || len(b.Mounts(p)) > 0 {
		t.Errorf("claim %v, mounted at %v", b.claim, b.Mounts(p))
	}
}
