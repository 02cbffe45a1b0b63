package qemu

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shunt/geometry"
	"shunt/model/testneed"
	"shunt/ops/target"
	"shunt/ops/target/internal/targettest"
)

var (
	run       = targettest.Run
	targetTry = targettest.Try
	random    = targettest.Random
)

func require(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		targettest.Require(t, err)
	}
}

// kinds are the formats that can be edited, with the options of qemu-img that make all their variants.
var kinds = []struct{ format, options string }{
	{VMDK, "subformat=monolithicSparse"},
	{VDI, ""},
	{VDI, "static=on"},
	{VPC, "subformat=dynamic,force_size=on"},
	{VPC, "subformat=fixed,force_size=on"},
	{VHDX, "subformat=dynamic"},
	{VHDX, "subformat=fixed"},
	{QED, ""},
	{Parallels, ""},
}

// fresh makes an image with qemu-img.
func fresh(t *testing.T, format, options string, size int64) string {
	t.Helper()
	testneed.Tool(t, "qemu-img")
	testneed.Tool(t, daemon)
	path := filepath.Join(t.TempDir(), "an image, of:a disk")
	argv := []string{"create", "-q", "-f", format}
	if options != "" {
		argv = append(argv, "-o", options)
	}
	run(t, "qemu-img", append(argv, path, fmt.Sprint(size))...)
	return path
}

func open(t *testing.T, path, format string, mode target.Mode) *file {
	t.Helper()
	c := target.Candidate{Path: path, Real: path}
	var err error
	c.File, err = os.Open(path)
	require(t, err)
	c.Info, err = c.File.Stat()
	require(t, err)
	opened, err := Driver(format).Open(c, target.Options{Mode: mode, SectorSize: geometry.Sector512})
	require(t, err)
	t.Cleanup(func() { _ = opened.Close() }) // again, where the test has done it
	return opened.(*file)
}

// bytesOf has qemu-img read an image.
func bytesOf(t *testing.T, path, format string) []byte {
	t.Helper()
	out := path + ".raw"
	run(t, "qemu-img", "convert", "-f", format, "-O", "raw", path, out)
	b, err := os.ReadFile(out)
	require(t, err, os.Remove(out))
	return b
}
