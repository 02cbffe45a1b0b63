package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// small is a file system of its own that holds n MiB, mounted until the test ends.
func small(t *testing.T, n int) (dir string) {
	t.Helper()
	testneed.Root(t)
	testneed.File(t, "/dev/loop-control")
	testneed.Tool(t, "mkfs.ext4")
	host := t.TempDir()
	dir = filepath.Join(host, "mnt")
	sh(t, host, fmt.Sprintf("truncate -s %dM disk; mkfs.ext4 -q -F -m0 disk; mkdir mnt; mount -o loop disk mnt", n))
	t.Cleanup(func() { sh(t, host, "umount mnt") })
	return dir
}

// fill leaves about keep bytes free on the file system of dir.
func fill(t *testing.T, dir string, keep int64) (remove func()) {
	t.Helper()
	ballast := filepath.Join(dir, "ballast")
	free := strings.TrimSpace(sh(t, dir, "stat -f -c '%a %S' ."))
	var blocks, size int64
	if _, err := fmt.Sscan(free, &blocks, &size); err != nil {
		t.Fatal(err)
	}
	sh(t, dir, fmt.Sprintf("fallocate -l %d ballast; sync .", blocks*size-keep))
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}

// TestImageFull lets the disk that holds the image run full in the middle of the commit.
func TestImageFull(t *testing.T) {
	t.Parallel()
	dir := small(t, 280)
	s := newSlow(t, 100<<20)
	s.person = people()[0]
	sh(t, dir, "cp --sparse=always '"+s.image+"' slow.raw")
	s.image = filepath.Join(dir, "slow.raw")
	elsewhere := s.person.dir(t)
	s.flags = []string{"--journal", elsewhere}
	makeRoom := fill(t, dir, 40<<20)
	apply := append(s.args("apply", "--yes"), s.plan)

	s.person.run(t, apply...).want(t, 4, "Warning: Applying may take", "no space left on device", "Make room", "--rollback")
	s.person.run(t, s.args("recover")...).want(t, 4, "no space left on device") // it is as full as before
	s.person.run(t, s.args("recover", "--rollback")...).want(t, 0, "Rolled back")
	s.isBefore(t)
	tidy(t, s.image, elsewhere)

	s.person.run(t, apply...).want(t, 4, "no space left on device")
	makeRoom()
	s.person.run(t, s.args("recover")...).want(t, 0, "Done")
	s.isAfter(t)
	tidy(t, s.image, elsewhere)
}

// TestJournalFull has no room for the journal: that is found out before anything is written.
func TestJournalFull(t *testing.T) {
	t.Parallel()
	dir := small(t, 20)
	for name, c := range map[string]struct {
		plan string
		keep int64
	}{
		"spill": {"resize 1 to 120MiB\nmove 1 right 30MiB\n", 64 << 10},
		"stage": {"move 1 right 4MiB\n", 8 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSlow(t, 20<<20).of(t, people()[0])
			if err := os.WriteFile(s.plan, []byte(c.plan), 0o644); err != nil {
				t.Fatal(err)
			}
			defer fill(t, dir, c.keep)()
			s.flags = []string{"--journal", dir}
			s.person.run(t, append(s.args("apply", "--yes"), s.plan)...).
				want(t, 1, "no space left on device", "make room there, or choose another directory with --journal", "unchanged")
			s.isBefore(t)
			tidy(t, s.image, dir)
		})
	}
}
