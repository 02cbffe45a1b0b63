package session

import (
	"os"
	"path/filepath"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/journal"
	"shunt/ops/report"
)

// TestUntouchedUntilTheCommit has another program, which asks for no locks, write between a rehearsal and its commit, where the
// scan sees nothing of it. Nothing of what that program wrote is lost.
func TestUntouchedUntilTheCommit(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "mke2fs")
	const write = "printf other | dd of=a.raw bs=1 seek=$((1048576 + 1024 + 0x88)) conv=notrunc 2>/dev/null" // where it was mounted last
	for _, c := range []struct {
		name, host, script string
		want               report.Outcome
	}{
		{"nothing happens", "", "true", report.Done},
		{"another mode", "", "chmod 600 a.raw", report.Done},
		{"its time put back", "", "touch -r a.raw keep; touch a.raw; touch -r keep a.raw", report.Done},
		{"written", "", write, report.Unchanged},
		{"written, and its time put back", "", "touch -r a.raw keep; " + write + "; touch -r keep a.raw", report.Unchanged},
		{"nothing happens on a host that counts seconds", "mkfs.ext4 -q -F -I 128", "true", report.Done},
		{"written on a host that counts seconds", "mkfs.ext4 -q -F -I 128", write, report.Unchanged},
		{"written on a FAT", "mkfs.vfat", write, report.Unchanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.host != "" {
				testneed.Root(t)
				testneed.Mountable(t, map[bool]string{true: "vfat", false: "ext4"}[c.host == "mkfs.vfat"])
				sh(t, dir, "mkdir m; truncate -s 64M host; "+c.host+" host >/dev/null 2>&1; mount -o loop host m")
				at := filepath.Join(dir, "m")
				t.Cleanup(func() { sh(t, filepath.Dir(at), "umount m") })
				dir = at
			}
			sh(t, dir, "truncate -s 8M a.raw; printf 'label: gpt\nstart=2048,size=4096\n' | sfdisk -q a.raw; mke2fs -q -t ext2 -E offset=1048576 a.raw 2M")
			s, err := Open(filepath.Join(dir, "a.raw"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			run, err := s.Start(planned(t, s, "label 1 x"), journal.KeepUndo)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := run.Report(); !ok {
				t.Fatal(run.Result())
			}
			sh(t, dir, c.script)
			before, err := os.ReadFile(filepath.Join(dir, "a.raw"))
			if err != nil {
				t.Fatal(err)
			}
			run.Commit()
			r := run.Result()
			after, err := os.ReadFile(filepath.Join(dir, "a.raw"))
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != c.want || (string(after) == string(before)) != (c.want == report.Unchanged) {
				t.Errorf("%+v", r)
			}
		})
	}
}
