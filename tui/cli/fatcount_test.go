package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestFATCount: a FAT32 whose only fault is a wrong count of free clusters can be edited; fsck.fat judges the result, which
// begins at the sector.
func TestFATCount(t *testing.T) {
	for _, name := range []string{"sfdisk", "mkfs.fat", "fsck.fat", "mcopy"} {
		testneed.Tool(t, name)
	}
	const image = `printf 'label: dos\nstart=2048,size=81920,type=c\n' | sfdisk -q disk.raw; ` +
		`mkfs.fat -F 32 -s 1 --offset 2048 disk.raw 40960 >/dev/null 2>&1; echo kept >file; mcopy -i disk.raw@@1M file ::; ` +
		`printf '\322\004\000\000' | dd of=disk.raw bs=1 seek=1049576 conv=notrunc status=none`
	for plan, sector := range map[string]string{
		"move 1 right 2MiB": "6144", "copy 1 at 50MiB": "102400", "label 1 X": "2048", "uuid 1 new": "2048", "resize 1 min": "2048",
	} {
		t.Run(plan, func(t *testing.T) {
			v := newTrial(t, 100, image).apply(t, people()[0], plan)
			v.want(t, exitDone, "the count of free clusters was corrected")
			out := sh(t, filepath.Dir(v.copy), "tail -c +$(("+sector+"*512+1)) disk.raw | head -c 40M >fs; fsck.fat -n fs && mtype -i fs ::file")
			if !strings.HasSuffix(strings.TrimSpace(out), "kept") {
				t.Error(out)
			}
		})
	}
}
