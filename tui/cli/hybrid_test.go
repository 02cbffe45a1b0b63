package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestHybrid compares the hybrid MBR with the one that sgdisk makes of the same partitions, lets foreign programs look at it,
// and takes it back.
func TestHybrid(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	for _, name := range []string{"sgdisk", "gdisk", "sfdisk"} {
		testneed.Tool(t, name)
	}
	const script = "sgdisk -n1:4096:+1M -t1:ef00 -n2:8192:+1M -t2:8200 -n3:12000:+1M -n5:16384:+2M -t5:8e00 $IMG >/dev/null"
	first := func(image string) []byte {
		t.Helper()
		return whole(t, image)[:512]
	}
	for plan, theirs := range map[string]string{
		"table hybrid 5 1 3 ee=last":         "5:1:3:EE",
		"table hybrid 1 5\ntable hybrid 3 2": "3:2",
		"table hybrid 1 2 active=2":          "1:2",
	} {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, 16, script)
			before := whole(t, tr.image)
			v := tr.apply(t, people()[0], plan)
			v.want(t, exitDone)
			ours := first(v.copy)
			sh(t, ".", "sgdisk -h "+theirs+" '"+tr.image+"' >/dev/null")
			want := first(tr.image)
			if strings.Contains(plan, "active=2") {
				want[446+2*16] = 0x80 // sgdisk cannot set it
			}
			if !bytes.Equal(ours[446:], want[446:]) {
				t.Errorf("the entries are\n% x\nand theirs\n% x", ours[446:], want[446:])
			}
			if got := testneed.Shell(t, ".", "gdisk -l '"+v.copy+"' | grep MBR:"); !strings.Contains(got, "hybrid") {
				t.Errorf("gdisk says %s", got)
			}
			if got := testneed.Shell(t, ".", "sfdisk -Y dos -d '"+v.copy+"' | grep -c start="); strings.TrimSpace(got) != strings.TrimSpace(
				testneed.Shell(t, ".", "sfdisk -Y dos -d '"+tr.image+"' | grep -c start=")) {
				t.Errorf("sfdisk sees %s entries in the first sector", got)
			}
			oracle.TableClean(t, v.copy)
			hybrid := whole(t, v.copy)
			people()[0].run(t, "undo", "--yes", v.copy).want(t, exitDone)
			if !bytes.Equal(whole(t, v.copy), before) {
				t.Error("the undo does not restore every byte")
			}
			if err := os.WriteFile(v.copy, hybrid, 0o600); err != nil {
				t.Fatal(err)
			}
			// Without a list the protective entry is that of new tables, whose last address is the highest.
			copy(before[446+5:], []byte{0xFF, 0xFF, 0xFF})
			people()[0].run(t, "apply", "--yes", v.copy, write(t, "table hybrid none\n")).want(t, exitDone)
			if !bytes.Equal(first(v.copy), before[:512]) {
				t.Errorf("without a list the entries are\n% x\nand were\n% x", first(v.copy)[446:], before[446:512])
			}
			oracle.TableClean(t, v.copy)
		})
	}
}

// TestHybridStray leaves a list alone that the GPT does not have: it is nobody's to throw away.
func TestHybridStray(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "sgdisk")
	// The length of the second entry is another.
	tr := newTrial(t, 16, `sgdisk -n1:4096:+1M -n2:8192:+1M $IMG >/dev/null; sgdisk -h 1:2 $IMG >/dev/null
		printf '\377' | dd of=$IMG bs=1 seek=490 conv=notrunc status=none`)
	tr.apply(t, people()[0], "table hybrid none").want(t, exitRefused, "the first sector lists partitions that the GPT does not have, 1 of them")
}

func whole(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
