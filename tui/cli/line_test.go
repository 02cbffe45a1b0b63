package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// A line of a plan can be given as words, with text that holds blanks and with a negative size in it.
func TestApplyLine(t *testing.T) {
	for _, tool := range []string{"mke2fs", "e2label", "dumpe2fs"} {
		testneed.Tool(t, tool)
	}
	p, dir := people()[0], t.TempDir()
	image := filepath.Join(dir, "x.raw")
	sh(t, dir, "truncate -s 16M x.raw; mke2fs -q x.raw")
	p.run(t, "apply", image, "label", "0", "my root", "--yes").want(t, exitDone)
	p.run(t, "apply", "--yes", image, "resize", "0", "-4MiB").want(t, exitDone)
	if got := sh(t, dir, "e2label x.raw; stat -c %s x.raw; e2fsck -fn x.raw 2>/dev/null >&2"); strings.TrimSpace(got) != "my root\n12582912" {
		t.Errorf("label and size are %q", got)
	}
	before := digest(t, image)
	o := p.run(t, "apply", image, "label", "0", "--yes")
	if o.code != exitRefused || !strings.Contains(o.err, "label 0: plan line 1, column 8: the label is missing") {
		t.Errorf("exit code %d: %s", o.code, o.err)
	}
	o = p.run(t, "apply", image, "resize", "0", "by", "-1MiB", "entry-only", "--yes")
	if o.code != exitRefused || !strings.Contains(o.err, "resize 0 by -1MiB entry-only: ") || strings.Contains(o.err, "sign") {
		t.Errorf("exit code %d: %s", o.code, o.err)
	}
	if digest(t, image) != before {
		t.Error("a refused line wrote to the image")
	}
}

// dump prints what another program reads from the image, by number, offset and partition, of formats that QEMU makes too.
func TestDump(t *testing.T) {
	for _, tool := range []string{"sfdisk", "qemu-img", "od"} {
		testneed.Tool(t, tool)
	}
	p, dir := people()[0], t.TempDir()
	sh(t, dir, "truncate -s 16M x.raw; printf 'label: gpt\\n2048,4M\\n' | sfdisk -q x.raw; qemu-img convert -O qcow2 x.raw x.qcow2")
	raw, layered := filepath.Join(dir, "x.raw"), filepath.Join(dir, "x.qcow2")
	for _, c := range []struct{ at, want string }{
		{"0", "Sector 0: protective MBR, outside of all partitions\n"},
		{"512B", "Sector 1: GPT header, outside"},
		{"p1", "Sector 2,048: 1 of 8,192 in p1\n"},
		{"end", "Sector 32,767: backup GPT header"},
	} {
		one := p.run(t, "dump", raw, "--sector", c.at)
		one.want(t, exitDone)
		if other := p.run(t, "dump", layered, "--sector", c.at); other.out != one.out || !strings.HasPrefix(one.out, c.want) {
			t.Errorf("%s: %.200s\nof qcow2 %.200s", c.at, one.out, other.out)
		}
	}
	bytes := func(rows string) (list []string) {
		for _, row := range strings.Split(rows, "\n") {
			if cells := strings.Fields(row); len(cells) > 16 && cells[0] != "Sector" {
				list = append(list, cells[1:17]...)
			}
		}
		return list
	}
	if got, want := bytes(p.run(t, "dump", raw, "--count", "200").out), bytes(sh(t, dir, "head -c 102400 x.raw | od -v -A x -t x1")); !slices.Equal(got, want) || len(got) != 102400 {
		t.Errorf("%d bytes are not the %d of od", len(got), len(want))
	}
	p.run(t, "dump", raw, "--sector", "p7").want(t, exitUsage, "there is no partition")
	p.run(t, "dump", raw, "--sector", "99999999").want(t, exitUsage, "the last one is 32,767")
	p.run(t, "dump", raw, "--count", "0").want(t, exitUsage, "use 1 to")
}
