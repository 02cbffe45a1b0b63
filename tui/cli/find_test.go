package cli

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// TestFind lists images among other files. sfdisk and blkid know what is in them.
func TestFind(t *testing.T) {
	for _, tool := range []string{"sfdisk", "qemu-img", "mkfs.ext4", "mkfs.fat", "blkid"} {
		testneed.Tool(t, tool)
	}
	dir := t.TempDir()
	sh(t, dir, `mkdir -p sub/.hidden d.raw.shunt
truncate -s 12M sub/.hidden/ext.img; mkfs.ext4 -q -L "two words" sub/.hidden/ext.img
truncate -s 40M b.img; printf 'label: gpt\nsize=12M,type=L\nsize=20M,type=U\n' | sfdisk -q b.img
dd if=sub/.hidden/ext.img of=b.img bs=1M seek=1 conv=notrunc,sparse status=none
qemu-img convert -O qcow2 b.img c; cp b.img d.raw.shunt/spill.img
qemu-img create -q -f qcow2 -F raw -b b.img over.qcow2 && qemu-img create -q -f qcow2 -F qcow2 -b none -u lost.qcow2 1M
printf 'QFI\373\0\0\0\3garbage' >broken.qcow2; echo text >notes.txt; head -c 65536 /dev/urandom >random; mkfifo pipe.img; ln -s . loop.img
printf x >"$(printf 'new\nline.img')"`)
	p := people()[0]
	out := p.run(t, "find", "--json", dir)
	out.want(t, exitDone)
	var list []report.Found
	if err := json.Unmarshal([]byte(out.out), &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]report.Found{}
	var paths []string
	for _, f := range list {
		found[strings.TrimPrefix(f.Path, dir+"/")], paths = f, append(paths, f.Path)
		if want := allocated(t, f.Path); int64(f.Allocated) != want {
			t.Errorf("%s takes %d bytes, want %d", f.Path, f.Allocated, want)
		}
	}
	if want := []string{"b.img", "broken.qcow2", "c", "lost.qcow2", "new\nline.img", "over.qcow2", "sub/.hidden/ext.img"}; len(found) != len(want) || !slices.IsSorted(paths) {
		t.Errorf("found %q, want %q", paths, want)
	}
	table := oracle.SFDisk(t, filepath.Join(dir, "b.img"))
	for _, name := range []string{"b.img", "c", "over.qcow2"} {
		f := found[name]
		if f.Table != "GPT" || f.Error != "" || len(f.Partitions) != len(table.Partitions) {
			t.Errorf("%s: %+v", name, f)
			continue
		}
		for i, q := range f.Partitions {
			if want := table.Partitions[i]; q.Number != want.Number || int64(q.Size) != want.Len || q.Type != want.Type {
				t.Errorf("%s: %+v, want %+v", name, q, want)
			}
		}
	}
	whole := filepath.Join(dir, "sub/.hidden/ext.img")
	if q := found["sub/.hidden/ext.img"].Partitions; len(q) != 1 || q[0].Label != "two words" || q[0].UUID != oracle.Blkid(t, whole, "UUID") || q[0].Used == nil {
		t.Errorf("%+v", q)
	}
	for _, name := range []string{"broken.qcow2", "lost.qcow2"} {
		if found[name].Error == "" {
			t.Errorf("%s: no error", name)
		}
	}
	text := p.run(t, "find", dir)
	text.want(t, exitDone, "Size KiB", "two words", "ERROR", "b.img")
	if strings.Contains(text.out, "notes.txt") || strings.Contains(text.out, "spill") {
		t.Error(text.out)
	}
	p.run(t, "find", filepath.Join(dir, "notes.txt"), filepath.Join(dir, "b.img")).want(t, exitRefused, "it is no disk image", "GPT")
	p.run(t, "find", filepath.Join(dir, "none")).want(t, exitRefused, "no such file")
	p.run(t, "find").want(t, exitUsage)
}
