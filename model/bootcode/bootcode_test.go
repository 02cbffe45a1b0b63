package bootcode_test

import (
	"bytes"
	_ "embed"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/bootcode"
)

// What grub-install 2.06 wrote for a BIOS boot partition that begins with sector 83968: the boot sector, and the first sector
// of the core image, which has 105 more.
var (
	//go:embed testdata/boot.img
	bootImg []byte
	//go:embed testdata/core.img
	coreImg []byte
)

const at = geometry.Sector(83968)

// disk is a disk with a core image at a sector.
func disk(first, core []byte, at geometry.Sector) *bytes.Reader {
	b := make([]byte, (at+200)*bootcode.SectorSize)
	copy(b, first)
	copy(b[at*bootcode.SectorSize:], core)
	return bytes.NewReader(b)
}

func TestFind(t *testing.T) {
	want := model.Loader{Name: "GRUB", Core: geometry.SpanOf(at, 106)}
	if got := bootcode.Find(disk(bootImg, coreImg, at), geometry.Sector512); got != want {
		t.Errorf("found %+v", got)
	}
	for name, r := range map[string]*bytes.Reader{
		"another place": disk(bootImg, coreImg, at+1), "no core": disk(bootImg, nil, at), "no boot code": disk(nil, coreImg, at),
		"no disk": bytes.NewReader(nil),
	} {
		if got := bootcode.Find(r, geometry.Sector512); got != (model.Loader{}) {
			t.Errorf("%s: found %+v", name, got)
		}
	}
	if got := bootcode.Find(disk(bootImg, coreImg, at), geometry.Sector4096); got != (model.Loader{}) {
		t.Errorf("with sectors of 4096 bytes: found %+v", got)
	}
}

// TestRetarget changes the two places and nothing else.
func TestRetarget(t *testing.T) {
	first, core := bytes.Clone(bootImg), bytes.Clone(coreImg)
	const to = at + 1<<33
	if err := bootcode.Retarget(first, core, at+1, to); err == nil || !bytes.Equal(first, bootImg) || !bytes.Equal(core, coreImg) {
		t.Error("a core image at another place is accepted")
	}
	if err := bootcode.Retarget(first, core, at, to); err != nil {
		t.Fatal(err)
	}
	differ := func(a, b []byte) (list []int) {
		for i := range a {
			if a[i] != b[i] {
				list = append(list, i)
			}
		}
		return list
	}
	if d := differ(first, bootImg); len(d) != 1 || d[0] != 0x60 {
		t.Errorf("the boot sector differs at %x", d)
	}
	if d := differ(core, coreImg); len(d) != 1 || d[0] != 0x1f8 {
		t.Errorf("the core image differs at %x", d)
	}
	if err := bootcode.Retarget(first, core, to, at); err != nil || !bytes.Equal(first, bootImg) || !bytes.Equal(core, coreImg) {
		t.Errorf("there and back: %v", err)
	}
}

func FuzzFind(f *testing.F) {
	f.Add(bootImg, coreImg)
	f.Fuzz(func(t *testing.T, first, core []byte) {
		l := bootcode.Find(disk(first, core, at), geometry.Sector512)
		if l.Core.Start < 0 || l.Core.Len() < 0 {
			t.Errorf("%+v", l)
		}
	})
}
