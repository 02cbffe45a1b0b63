package fsys

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
)

// TestXFSSizes grows XFS by few blocks, and around the end of its last group. What the kernel makes of such a size must be
// what was promised before, unless xfs_repair could not read the result.
func TestXFSSizes(t *testing.T) {
	canMount(t, "xfs")
	ctx, a := t.Context(), newApart(t)
	toolsHere(t, "mkfs.xfs", "xfs_growfs", "xfs_repair")
	tools := Tools{Run: a.run, MountPoint: t.TempDir()}
	for _, c := range []struct {
		made  []string
		block int64
		more  []int64 // bytes, each from the first size on
	}{
		{nil, 4096, []int64{512, 4096, 63*4096 + 3584, 64 * 4096, 75*mib + 1024, 75*mib + 64*4096 + 512}},
		{[]string{"-b", "size=1024"}, 1024, []int64{1023, 63 * 1024, 64*1024 + 512, 128*1024 + 512}},
		{[]string{"-s", "size=4096", "-m", "reflink=0"}, 4096, []int64{512, 65 * 4096}},
		{[]string{"-d", "agsize=77m"}, 4096, []int64{8*mib + 512, 8*mib + 4096, 9 * mib}},
	} {
		const n = 300 * mib
		for _, more := range c.more {
			alone, ours := sparse(t, n), sparse(t, n)
			for _, path := range []string{alone, ours} {
				tool(t, append(append([]string{"mkfs.xfs", "-q", "-f", "-K"}, c.made...), path)...)
				setSize(t, path, n+more)
			}
			tool(t, a.argv("mount", "-n", "-i", "-t", "xfs", "-o", "loop,rw,nouuid", alone, tools.MountPoint)...)
			tool(t, a.argv("xfs_growfs", "-d", tools.MountPoint)...)
			tool(t, a.argv("umount", "-n", "-i", tools.MountPoint)...)
			was, want := mustProbe(t, ours), mustProbe(t, alone).Size
			if _, exit := try(t, "xfs_repair", "-n", "-f", alone); exit != 0 {
				want = was.Size
			}
			if promised := was.Filling(geometry.Bytes(n + more)); promised != want {
				t.Errorf("%v by %d bytes: %d bytes were promised, the kernel makes it %d", c.made, more, promised, want)
			}
			must(t, tools.Resize(ctx, model.XFS, ours, geometry.Bytes(n+more))) // it verifies the result
			if got := mustProbe(t, ours); got.Size != want || got.UUID != was.UUID {
				t.Errorf("%v by %d bytes: it is %d bytes long, the kernel makes it %d", c.made, more, got.Size, want)
			}
		}
	}
}

// TestXFSLog compares with xfs_logprint whether the logs of file systems are clean: new ones, mounted ones, unmounted ones, ones
// whose log went around, and ones that xfs_db made anew.
func TestXFSLog(t *testing.T) {
	t.Parallel()
	toolsHere(t, "mkfs.xfs", "xfs_db", "xfs_logprint")
	for _, options := range [][]string{{"-l", "size=6m"}, {"-l", "su=32k,size=8m", "-s", "size=4096"}} {
		path := sparse(t, 100*mib)
		tool(t, append(append([]string{"mkfs.xfs", "-q", "-f", "--unsupported"}, options...), path)...)
		states := map[string]int{}
		agree := func(when, image string) {
			t.Helper()
			said, _ := try(t, "xfs_logprint", "-t", image)
			dirty, clean := strings.Contains(said, "<DIRTY>"), strings.Contains(said, "<CLEAN>")
			if got := mustProbe(t, image); dirty == clean || dirty != got.Features.Has(model.Unreplayed) || dirty == got.Dirty.OK() {
				t.Errorf("%v, %s: %q, xfs_logprint says\n%s", options, when, got.Dirty, said)
			}
			states[map[bool]string{true: "dirty", false: "clean"}[dirty]]++
		}
		agree("new", path)
		if os.Geteuid() == 0 && cannotMount("xfs") == "" {
			a, at := newApart(t), t.TempDir()
			for round := range 3 {
				tool(t, a.argv("mount", "-n", "-i", "-t", "xfs", "-o", "loop,rw,nouuid", path, at)...)
				tool(t, a.argv("sh", "-ec", "mkdir $0/d; cd $0/d; for i in $(seq 1500); do :>$i; done; sync -f .; cd /; rm -r $0/d; sync -f $0", at)...)
				agree("mounted", copyOf(t, path))
				tool(t, a.argv("umount", "-n", "-i", at)...)
				agree(fmt.Sprintf("unmounted %d times", round+1), path)
			}
			if states["dirty"] != 3 {
				t.Errorf("%v: %v", options, states)
			}
		}
		tool(t, "xfs_db", "-x", "-f", "-p", "xfs_admin", "-c", "uuid generate", path)
		agree("with a new UUID", path)
	}
}
