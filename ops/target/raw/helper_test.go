package raw

import (
	"os"
	"path/filepath"
	"testing"

	"shunt/ops/target"
	"shunt/ops/target/internal/targettest"
)

// open opens an image as the registry does; the test closes it.
func open(t testing.TB, path string, opts target.Options) *file {
	t.Helper()
	c := target.Candidate{Path: path}
	var err error
	c.Real, err = filepath.EvalSymlinks(path)
	require(t, err)
	c.File, err = os.Open(path)
	require(t, err)
	opts.SectorSize = 512
	opened, err := Driver().Open(c, opts)
	require(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	return opened.(*file)
}

// writable is an open image that may be written.
func writable(t testing.TB, path string) *file {
	t.Helper()
	r := open(t, path, target.Options{})
	require(t, r.AllowWrites())
	return r
}

var (
	require   = targettest.Require
	requireIs = targettest.RequireIs
	run       = targettest.Run
	image     = targettest.Image
	unchanged = targettest.Unchanged
	stat      = targettest.Stat
	mounted   = targettest.Mounted
	fill      = targettest.Fill
	sameBytes = targettest.SameBytes
	random    = targettest.Random
)
