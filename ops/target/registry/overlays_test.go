package registry

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"shunt/model/testneed"
)

// TestOverlays finds the images that show another one, by whatever name they call it.
func TestOverlays(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	dir := t.TempDir()
	run(t, "sh", "-c", "cd '"+dir+`' && qemu-img create -q -f raw base 1M && ln -s base link && mkdir sub && mkfifo pipe &&
		qemu-img create -q -f qcow2 -F raw -b base near && qemu-img create -q -f qcow2 -F raw -b "$PWD/base" far &&
		qemu-img create -q -f qcow2 -F raw -b link linked && qemu-img create -q -f qcow2 -F qcow2 -b near second &&
		qemu-img create -q -f qcow2 alone 1M && (cd sub && qemu-img create -q -f qcow2 -F raw -b ../base below)`)
	if got := Overlays(filepath.Join(dir, "base")); !slices.Equal(got, []string{"far", "linked", "near"}) {
		t.Errorf("of base: %v", got)
	}
	if got := Overlays(filepath.Join(dir, "near")); !slices.Equal(got, []string{"second"}) {
		t.Errorf("of near: %v", got)
	}
	require(t, os.WriteFile(filepath.Join(dir, "hostile"), []byte("QFI\xfb"), 0o644))
	for _, name := range []string{"second", "hostile", "pipe", "none", "sub"} {
		if got := Overlays(filepath.Join(dir, name)); got != nil {
			t.Errorf("of %s: %v", name, got)
		}
	}
}
