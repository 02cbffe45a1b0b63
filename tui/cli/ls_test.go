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
