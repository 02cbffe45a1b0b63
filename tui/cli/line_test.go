package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// A line of a plan can be given as words, with text that holds blanks and with a negative size at its end.
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
	if digest(t, image) != before {
		t.Error("a refused line wrote to the image")
	}
}
