package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestToolsSayOnlyWhatMatters shows a physical volume of LVM, whose tools warn about each file that they inherit, and about
// the sandbox.
func TestToolsSayOnlyWhatMatters(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "pvck")
	p := people()[0]
	dir := t.TempDir()
	sh(t, dir, "truncate -s 64M disk; printf 'new max fs=lvm2\n' > plan; echo 'label: gpt' | sfdisk -q disk")
	disk := filepath.Join(dir, "disk")
	p.run(t, "apply", "--yes", disk, filepath.Join(dir, "plan")).want(t, 0)
	cmd := p.program(t, "info", disk, "1")
	for range 3 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	shown := finish(t, cmd)
	shown.want(t, 0, "$ pvck", "pv_header.device_size")
	for _, noise := range []string{"leaked", "sysfs"} {
		if strings.Contains(shown.out, noise) {
			t.Errorf("%s:\n%s", noise, shown.out)
		}
	}
}
