package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestFATCount: a FAT32 whose only fault is a wrong count of free clusters can be edited. A move or a copy leaves it as it
// is, everything else corrects it. fsck.fat and mtools judge the result, which begins at the sector.
func TestFATCount(t *testing.T) {
	for _, name := range []string{"sfdisk", "mkfs.fat", "fsck.fat", "mcopy"} {
		testneed.Tool(t, name)
	}
	const image = `printf 'label: dos\nstart=2048,size=81920,type=c\n' | sfdisk -q disk.raw; ` +
		`mkfs.fat -F 32 -s 1 --offset 2048 disk.raw 40960 >/dev/null 2>&1; echo kept >file; mcopy -i disk.raw@@1M file ::; ` +
		`printf '\322\004\000\000' | dd of=disk.raw bs=1 seek=1049576 conv=notrunc status=none`
	const corrected, asItWas, clean = "the count of free clusters was corrected", "damaged", "fsck.fat -n fs && "
	for plan, want := range map[string]struct{ sector, says, judge string }{
		"move 1 right 2MiB": {"6144", asItWas, ""}, "copy 1 at 50MiB": {"102400", asItWas, ""},
		"label 1 X": {"2048", corrected, clean}, "uuid 1 new": {"2048", corrected, clean}, "resize 1 min": {"2048", corrected, clean},
	} {
		t.Run(plan, func(t *testing.T) {
			v := newTrial(t, 100, image).apply(t, people()[0], plan)
			v.want(t, exitDone, want.says)
			out := sh(t, filepath.Dir(v.copy), "tail -c +$(("+want.sector+"*512+1)) disk.raw | head -c 40M >fs; "+want.judge+"mtype -i fs ::file")
			if !strings.HasSuffix(strings.TrimSpace(out), "kept") {
				t.Error(out)
			}
		})
	}
}
