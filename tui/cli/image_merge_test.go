package cli

import (
	"path/filepath"
	"testing"
)

// TestImageCommitForeign commits where only QEMU knows a format. The overlay is not written to, and a failure leaves all as it
// was.
func TestImageCommitForeign(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		name, script, format string // the script makes "b, 1", and "over" in the format
		exit                 int
		says                 string
	}{
		{"qcow2 over vmdk", "qemu-img convert -O vmdk r 'b, 1'; qemu-img create -q -f qcow2 -F vmdk -b 'b, 1' over", "qcow2", 0, "Done"},
		{"qcow2 over vpc", "qemu-img convert -O vpc -o force_size=on r 'b, 1'; qemu-img create -q -f qcow2 -F vpc -b 'b, 1' over", "qcow2", 0, "Done"},
		{"qed over raw", "cp r 'b, 1'; qemu-img create -q -f qed -F raw -b 'b, 1' over", "qed", 0, "Done"},
		{
			"a chain with relative names", `mkdir d; qemu-img convert -O qed r d/q; qemu-img create -q -f qcow2 -F qed -b d/q 'b, 1'
				qemu-img create -q -f qcow2 -F qcow2 -b 'b, 1' over`, "qcow2", 0, "Done",
		},
		{"longer", "qemu-img convert -O qed r 'b, 1'; qemu-img create -q -f qcow2 -F qed -b 'b, 1' over 30M", "qcow2", 0, "Done"},
		{"cannot grow", "qemu-img convert -O vmdk r 'b, 1'; qemu-img create -q -f qcow2 -F vmdk -b 'b, 1' over 30M", "qcow2", 1, "b, 1 is unchanged"},
		{"no backing file", "cp r 'b, 1'; qemu-img convert -O qed r over", "qed", 1, "has no backing file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := people()[i%len(people())]
			dir := layered(t, p, c.script+"; qemu-io -f "+c.format+" -c 'write -P 5 3M 1M' over || true; qemu-img convert -f "+c.format+" -O raw over want || true")
			over, base := filepath.Join(dir, "over"), filepath.Join(dir, "b, 1")
			overSum, baseSum, names := digest(t, over), digest(t, base), sh(t, dir, "ls -A")
			p.run(t, "image", "commit", "--yes", over).want(t, c.exit, c.says)
			if digest(t, over) != overSum || sh(t, dir, "ls -A") != names {
				t.Errorf("the overlay has changed, or there are other files than\n%s", names)
			}
			if c.exit != 0 {
				if digest(t, base) != baseSum {
					t.Error("the backing file has changed")
				}
				return
			}
			sh(t, dir, "qemu-img compare -q 'b, 1' want || { qemu-img convert -f vpc -O raw 'b, 1' x && qemu-img compare -q x want; }")
		})
	}
	p := people()[0]
	dir := layered(t, p, "qemu-img convert -O vmdk r b; for i in over other; do qemu-img create -q -f qcow2 -F vmdk -b b $i; done")
	over := filepath.Join(dir, "over")
	p.run(t, "image", "commit", over).want(t, 2, "--yes")
	p.run(t, "image", "commit", "--rehearse", over).want(t, 2, "rehearsed")
	p.run(t, "image", "commit", "--yes", over).want(t, 0, "backing file of other:")
}
