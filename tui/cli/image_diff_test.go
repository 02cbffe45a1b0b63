package cli

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/report"
)

// TestImageDiff compares images that foreign tools made of one disk. qemu-img compare judges the content, where free blocks
// do not matter.
func TestImageDiff(t *testing.T) {
	for _, tool := range []string{"sfdisk", "qemu-img", "qemu-io", "mkfs.ext4", "debugfs"} {
		testneed.Tool(t, tool)
	}
	base := t.TempDir()
	sh(t, base, `mkdir tr; yes file | head -c 30000 | tee tr/f1 >tr/f2; truncate -s 24M a; truncate -s 12M p; mkfs.ext4 -q -d tr p
printf 'label: gpt\nsize=12M,type=L,name=one\nsize=8M,type=U\n' | sfdisk -q a; dd if=p of=a bs=1M seek=1 conv=notrunc,sparse status=none`)
	const on = "'b?offset=1048576' 2>/dev/null\n"
	for name, c := range map[string]struct {
		script string // makes b
		same   bool
		says   string
		free   bool // they differ in free blocks
	}{
		"raw":             {"cp a b", true, "p1, ext4: identical", false},
		"qcow2":           {"qemu-img convert -O qcow2 -c a b", true, "p1, ext4: identical", false},
		"overlay":         {"qemu-img create -q -f qcow2 -F raw -b a b; qemu-io -c 'write -z 23M 4k' b", true, "", false},
		"longer":          {"cp a b; truncate -s 30M b", true, "6.00 MiB longer", false},
		"longer, data":    {"cp a b; truncate -s 30M b; printf x | dd of=b bs=1M seek=29 conv=notrunc status=none", false, "behind the end", false},
		"a free block":    {"cp a b; B=$(debugfs -R 'ffb 1 9000' p 2>/dev/null | tr -dc 0-9); printf x | dd of=b bs=1k seek=$((1024+B)) conv=notrunc status=none", true, "free blocks alone", true},
		"a file added":    {"cp a b; debugfs -w -R 'write tr/f1 new' " + on, false, "+ /new", false},
		"a file removed":  {"cp a b; debugfs -w -R 'rm f2' " + on, false, "- /f2", false},
		"a file changed":  {"cp a b; debugfs -w -R 'sif /f2 mtime 20200101000000' " + on, false, "~ /f2", false},
		"content alone":   {"cp a b; at=$(grep -abo file b | head -1 | cut -d: -f1); printf FILE | dd of=b bs=1 seek=$at conv=notrunc status=none", false, "no file has another", false},
		"a name":          {"cp a b; sfdisk -q --part-label b 1 other", false, "partition 1: name: other instead of one", false},
		"a partition":     {"cp a b; sfdisk -q --delete b 2", false, "partition 2 is missing", false},
		"boot code":       {"cp a b; printf x | dd of=b bs=1 seek=10 conv=notrunc status=none", false, "boot code: differs in 1 bytes", false},
		"between":         {"cp a b; printf x | dd of=b bs=1 seek=100000 conv=notrunc status=none", false, "unallocated space", false},
		"another table":   {"cp a b; dd if=/dev/zero of=b bs=64k count=1 conv=notrunc status=none; echo 2048 | sfdisk -q b", false, "table: MBR instead of GPT", false},
		"unknown":         {"head -c 300000 /dev/urandom >a; truncate -s 1M a; qemu-img convert -f raw -O qcow2 a b", true, "", false},
		"unknown, a byte": {"yes data | head -c 1M >a; cp a b; printf x | dd of=b bs=1 seek=70000 conv=notrunc status=none", false, "the disk", false},
		"without a table": {"cp p b", false, "table: none instead of GPT", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			sh(t, dir, "cp --sparse=always "+base+"/a "+base+"/p . ; cp -r "+base+"/tr .\n"+c.script)
			a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
			before := digest(t, a) + digest(t, b)
			text := people()[0].run(t, "image", "diff", a, b)
			out := people()[0].run(t, "image", "diff", "--json", a, b)
			if digest(t, a)+digest(t, b) != before {
				t.Error("an image was written to")
			}
			if want := map[bool]int{true: exitDone, false: exitRefused}[c.same]; text.code != want || out.code != want || !strings.Contains(text.out, c.says) {
				t.Errorf("exit codes %d and %d\n%s%s", text.code, out.code, text.out, text.err)
			}
			var d report.Difference
			if err := json.Unmarshal([]byte(out.out), &d); err != nil || d.Same != c.same {
				t.Errorf("%v\n%s%s", err, out.out, out.err)
			}
			if err := exec.Command("qemu-img", "compare", "-q", a, b).Run(); (err == nil) != (c.same && !c.free) {
				t.Errorf("qemu-img compare says %v", err)
			}
		})
	}
}

// TestImageDiffRefuses names what cannot be compared.
func TestImageDiffRefuses(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	dir := t.TempDir()
	sh(t, dir, "truncate -s 4M a; qemu-img convert -O vmdk a b; qemu-img create -q -f vmdk -b b -F vmdk v")
	p := people()[0]
	p.run(t, "image", "diff", filepath.Join(dir, "a"), filepath.Join(dir, "v")).want(t, exitRefused, "`shunt image convert`")
	p.run(t, "image", "diff", filepath.Join(dir, "a"), filepath.Join(dir, "none")).want(t, exitRefused, "no such file")
	p.run(t, "image", "diff", filepath.Join(dir, "a")).want(t, exitUsage, "B is missing")
}
