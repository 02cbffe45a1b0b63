package cli

import (
	"path/filepath"
	"testing"

	"shunt/model/testneed"
)

// TestImageSectors follows a refusal: the line that it names makes the conversion possible, from and to other formats too.
func TestImageSectors(t *testing.T) {
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "qemu-img")
	p := people()[0]
	dir := p.dir(t)
	sh(t, dir, `truncate -s 12M f
		printf 'label: gpt\nfirst-lba: 34\nstart=40, size=4056, name=esp\nstart=4096, size=8192\n' | sfdisk -q f
		mkfs.ext4 -q -b 4096 -E offset=2097152 f 4M
		qemu-img convert -f raw -O vdi f v`)
	raw, vdi, wide := filepath.Join(dir, "f"), filepath.Join(dir, "v"), filepath.Join(dir, "w.qcow2")
	p.run(t, "image", "convert", vdi, wide, "--to-sector-size", "4096").want(t, exitRefused, "`move p1 to 48s and resize to 4048s`")
	p.run(t, "apply", "--yes", vdi, "move", "p1", "to", "48s", "and", "resize", "to", "4048s").want(t, exitDone)
	p.run(t, "image", "convert", vdi, wide, "--to-sector-size", "4096").want(t, exitDone, "--sector-size 4096")
	p.run(t, "info", wide, "--sector-size", "4096").want(t, exitDone, "esp", "ext4")
	p.run(t, "image", "convert", "--sector-size", "4096", wide, filepath.Join(dir, "b.raw"), "--to-sector-size", "512").want(t, exitDone)
	sh(t, dir, "qemu-img compare -q -f raw -F vdi b.raw v")
	for _, args := range [][]string{
		{"x.raw", "--to-sector-size", "1000"}, {"x.vdi", "--to-sector-size", "4096"}, {"x.raw", "--allow-unusable"},
	} {
		p.run(t, append([]string{"image", "convert", raw}, args...)...).want(t, exitUsage)
	}
}
