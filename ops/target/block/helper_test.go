package block

import (
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/targettest"
)

// openLoop opens a loop device as the registry does; the test closes it.
func openLoop(t *testing.T, loop string, opts target.Options) *device {
	t.Helper()
	node, err := held.Hold(loop)
	require(t, err)
	defer func() { _ = node.Close() }() // it was only looked at
	info, err := node.Stat()
	require(t, err)
	opened, err := Driver().Open(target.Candidate{Path: loop, Real: loop, Info: info, File: node}, opts)
	require(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	return opened.(*device)
}

// loopOfKept is a loop device that the test detaches itself.
func loopOfKept(t *testing.T, path string) string {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	loop := strings.TrimSpace(run(t, "losetup", "--find", "--show", path))
	t.Cleanup(func() {
		if attached(t, path) {
			run(t, "losetup", "-d", loop)
		}
	})
	return loop
}

// attached reports whether any loop device shows the file.
func attached(t *testing.T, path string) bool {
	t.Helper()
	return run(t, "losetup", "--associated", path) != ""
}

var (
	require = targettest.Require
	run     = targettest.Run
	image   = targettest.Image
	loopOf  = targettest.Loop
	fill    = targettest.Fill
	random  = targettest.Random
)
