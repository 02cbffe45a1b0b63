package txn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/scan"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/overlay"
)

// TestClearTraces gives a partition an end at which the disk still has the superblock of an array that mdadm made. Behind
// the file system and in its free blocks it is erased; where the file system may have data that is refused.
func TestClearTraces(t *testing.T) {
	peer, err := filepath.Abs("../../model/scan/testdata/peers/mdraid.img.xz")
	if err != nil {
		t.Fatal(err)
	}
	const disk, used = 10 << 20, "debugfs -w -R 'setb 10177 63' $IMG 2>/dev/null\n"
	for _, c := range []struct {
		name, script string
		end          int64 // of the partition
		wiped, bad   bool
	}{
		{name: "behind", script: "mke2fs -q -F -t ext4 $IMG 6M", end: disk, wiped: true},
		{name: "not at the end", script: "mke2fs -q -F -t ext4 $IMG 6M", end: 9 << 20},
		{name: "free", script: "mke2fs -q -F -t ext4 -b 1024 $IMG 10M\n", end: disk, wiped: true},
		{name: "in use", script: "mke2fs -q -F -t ext4 -b 1024 $IMG 10M\n" + used, end: disk, bad: true},
	} {
		path := oracle.Image(t, 0, "xz -dc '"+peer+"' >$IMG\n"+
			"dd if=$IMG of=record bs=64K skip=159 count=1 status=none\n"+c.script+
			"\ndd if=record of=$IMG bs=64K seek=159 conv=notrunc status=none")
		image, err := os.ReadFile(path)
		if err != nil || len(image) != disk {
			t.Fatal(err, len(image))
		}
		m := New(image)
		spill, err := m.Store().Create(journal.SpillName)
		if err != nil {
			t.Fatal(err)
		}
		ov := overlay.New(m.Target(), disk, spill)
		r := &Rehearsal{Overlay: ov, Before: model.Disk{SectorSize: 512}}
		before := scan.Probe(ov, 0, c.end)
		err = r.clearTraces(ops.Step{FS: model.Ext4, Window: geometry.Span{End: geometry.Sector(c.end / 512)}})
		after := scan.Probe(ov, 0, c.end)
		if (err != nil) != c.bad || (after.Kind == model.Ext4) == c.bad || (before.Kind != after.Kind) != c.wiped {
			t.Errorf("%s: %s, then %s, %v", c.name, before.Kind, after.Kind, err)
		}
		if told := strings.Contains(strings.Join(r.warnings(), ""), "an old signature of "+string(before.Kind)); told != c.wiped {
			t.Errorf("%s: the report says that a signature was erased: %t", c.name, told)
		}
		if err != nil && !strings.Contains(err.Error(), "choose another size") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
