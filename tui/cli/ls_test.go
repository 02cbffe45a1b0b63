package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestLs lists what paths lead to: directories, files, links, what is no file, and nothing.
func TestLs(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	p, dir := people()[0], t.TempDir()
	sh(t, dir, `mkdir -p tree/etc tree/usr/lib; printf hi > tree/etc/passwd; ln -s usr/lib tree/lib; ln -s nowhere tree/broken
		mkfifo tree/pipe; mknod tree/null c 1 3; truncate -s 32M disk; mkfs.ext4 -q -d tree disk`)
	for _, c := range []struct {
		path string
		code int
		says string // the last column of the only line, or the error
	}{
		{"etc", exitDone, "passwd"},
		{"/etc/", exitDone, "passwd"},
		{"etc/passwd", exitDone, "2 B passwd"},
		{"/etc/passwd", exitDone, "2 B passwd"},
		{"lib", exitDone, "link lib -> usr/lib"},
		{"broken", exitDone, "link broken -> nowhere"},
		{"pipe", exitDone, "special pipe"},
		{"null", exitDone, "special null"},
		{"etc/passwd/", exitRefused, "shunt: /etc/passwd: it is not a directory\n"},
		{"etc/passwd/x", exitRefused, "shunt: /etc/passwd: it is not a directory\n"},
		{"lib/x", exitRefused, "shunt: /lib: it is a link, and links are not followed\n"},
		{"lib/", exitRefused, "shunt: /lib: it is a link, and links are not followed\n"},
		{"nosuch", exitRefused, "shunt: /nosuch: there is no file or directory of this name\n"},
		{"etc/nosuch/x", exitRefused, "shunt: /etc/nosuch: there is no file or directory of this name\n"},
	} {
		got := p.run(t, "ls", filepath.Join(dir, "disk"), "0", c.path)
		fields := strings.Fields(got.out)
		for i, f := range fields {
			if strings.Count(f, "-") == 2 { // the date and the time
				fields = append(fields[:i:i], fields[i+2:]...)
				break
			}
		}
		shown := strings.Join(fields, " ") + got.err
		if got.code != c.code || !strings.HasSuffix(shown, c.says) || strings.Count(got.out, "\n") > 1 {
			t.Errorf("%q: code %d, %q", c.path, got.code, shown)
		}
	}
}

// TestDamageNamesThePartition damages NTFS, whose tool then names the file that it was given. That is a view which only the tool
// sees, so people must read the partition's name.
func TestDamageNamesThePartition(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	testneed.Tool(t, "mkntfs")
	testneed.Tool(t, "ntfsls")
	p, dir := people()[0], t.TempDir()
	sh(t, dir, `truncate -s 8M disk; mkntfs -q -F disk 2>/dev/null; tr '\0' '\377' </dev/zero | dd of=disk bs=4096 seek=4 count=8 conv=notrunc status=none`)
	for _, args := range [][]string{{"ls", filepath.Join(dir, "disk"), "0"}, {"cat", filepath.Join(dir, "disk"), "0", "/x"}} {
		got := p.run(t, args...)
		if got.code == exitDone || !strings.Contains(got.err, "ntfsls ended with exit code") || !strings.Contains(got.err, "'disk'") ||
			strings.Contains(got.err, "windows") {
			t.Errorf("%s: code %d, %q", args[0], got.code, got.err)
		}
	}
}
