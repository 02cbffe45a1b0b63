package fsys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// TestWalks lists the files of file systems that foreign programs filled.
func TestWalks(t *testing.T) {
	files := filesToLose(t)
	proto := filepath.Join(t.TempDir(), "proto")
	must(t, os.WriteFile(proto, fmt.Appendf(nil, `x
0 0
d--755 0 0
a ---644 0 0 %s/a
b ---644 0 0 %[1]s/b
e ---644 0 0 %[1]s/e
d d--755 0 0
c ---644 0 0 %[1]s/d/c
$
$
`, files), 0o600))
	for _, c := range []struct {
		kind model.FSKind
		size int64
		make string
		want string // what differs from the files
	}{
		{model.Ext4, 32, `mke2fs -q -t ext4 -d "$2" "$1"`, ""},
		{model.FAT16, 32, `mkfs.fat -F 16 "$1"; mcopy -s -Q -i "$1" "$2"/* ::/`, ""},
		{model.XFS, 300, `mkfs.xfs -q -p "$3" "$1"`, ""},
		{model.NTFS, 16, `mkntfs -q -Q -F "$1"; for f in a b e; do ntfscp -f "$1" "$2/$f" $f; done`, "/d /d/c"},
		{model.F2FS, 64, `mkfs.f2fs -q "$1"; sload.f2fs -f "$2" "$1"`, "sizes"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			tools, path := toolsHere(t, strings.Fields(c.make)[0]), sparse(t, c.size*mib)
			tool(t, "sh", "-ec", c.make, "sh", path, files, proto)
			got, err := job{Tools: tools, driver: Of(c.kind), path: path}.files(t.Context())
			must(t, err)
			delete(got, "/lost+found")
			ids := map[int64]bool{}
			for name, size := range map[string]geometry.Bytes{"/a": 300_000, "/b": 200_000, "/d": 0, "/d/c": 50_000, "/e": 0} {
				n, ok := got[name]
				delete(got, name)
				switch {
				case strings.Contains(c.want+" ", name+" "):
				case !ok, c.want != "sizes" && n.size != size, c.want == "sizes" && (n.size < size || n.size > size+4096):
					t.Errorf("%s is %+v, want %d bytes", name, n, size)
				case c.want != "sizes" && (n.kind == report.FileDirectory) != (name == "/d"):
					t.Errorf("%s is a %v", name, n.kind)
				case n.id != 0 && ids[n.id]:
					t.Errorf("%s is another file too", name)
				}
				ids[n.id] = true
			}
			if len(got) > 0 {
				t.Errorf("more was listed: %v", got)
			}
		})
	}
}

// TestWalkExFAT lists the files of an exFAT that the kernel filled; see the README of the directory.
func TestWalkExFAT(t *testing.T) {
	testneed.Tool(t, "xz")
	path := sparse(t, 0)
	tool(t, "sh", "-c", `xz -dc ../../tui/cli/testdata/filled/exfat.xz | cp --sparse=always /dev/stdin "$1"`, "sh", path)
	got, err := job{Tools: toolsHere(t), driver: Of(model.ExFAT), path: path}.files(t.Context())
	must(t, err)
	if len(got) != 8 {
		t.Errorf("%v", got)
	}
	for i := range 6 {
		name := fmt.Sprintf("/d%d/f%d", i%2, i)
		if n := got[name]; n.size != geometry.Bytes(12*9000*(i+1)) || n.id == 0 || n.blocks == 0 {
			t.Errorf("%s is %+v", name, n)
		}
	}
}
