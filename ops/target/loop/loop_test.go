package loop

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model/testneed"
	"shunt/ops/target"
	"shunt/ops/target/internal/targettest"
)

var (
	require = targettest.Require
	image   = targettest.Image
)

// plainFile is as much of a target as a loop device needs.
type plainFile struct {
	target.Plain
	path string
}

func (p plainFile) Path() string                    { return p.path }
func (p plainFile) SectorSize() geometry.SectorSize { return geometry.Sector512 }
func (p plainFile) Reopen(bool) (*os.File, error)   { return os.OpenFile(p.path, os.O_RDWR, 0) }

// setUpFor is a loop device on a file that goes with the test.
func setUpFor(t *testing.T, path string, l target.Loop) (target.Loop, *os.File) {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	l.Passing = true
	set, device, err := SetUp(plainFile{path: path}, l)
	require(t, err)
	t.Cleanup(func() { _ = device.Close() })
	return set, device
}

func TestLoopDevices(t *testing.T) {
	path := image(t, t.TempDir(), 32<<20)
	if loops, err := On(path); err != nil || len(loops) > 0 {
		t.Errorf("%v, %v", loops, err)
	}
	whole, _ := setUpFor(t, path, target.Loop{})
	part, device := setUpFor(t, path, target.Loop{Offset: 1 << 20, Limit: 4 << 20, ReadOnly: true})
	loops, err := On(path)
	require(t, err)
	want := []target.Loop{whole, part}
	byNode := func(x, y target.Loop) int { return strings.Compare(x.Node, y.Node) }
	slices.SortFunc(loops, byNode)
	slices.SortFunc(want, byNode)
	if !slices.Equal(loops, want) {
		t.Errorf("got  %+v\nwant %+v", loops, want)
	}
	got, err := At(part.Node)
	require(t, err)
	if got != part || got.Whole() || !whole.Whole() {
		t.Errorf("got %+v", got)
	}
	if _, err := device.WriteAt(make([]byte, 512), 0); err == nil {
		t.Error("a read-only loop device was written to")
	}
	for _, other := range []string{path, "/dev/null"} {
		if _, err := At(other); !errors.Is(err, target.ErrNoLoop) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if _, err := At(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
