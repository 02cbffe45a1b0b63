package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// A renewable is a small image that a new file replaces when its size changes.
type renewable struct {
	t     *testing.T
	p     person
	image string
}

const smallRenewed = `printf 'label: gpt\nstart=2048,size=8192\n' | sfdisk -q $IMG`

func newRenewable(t *testing.T, p person, raw string) renewable {
	t.Helper()
	testneed.File(t, "/dev/fuse")
	return renewable{t, p, asFormat(t, p, raw, "vdi", "static=off")}
}

// grow makes the image longer.
func (r renewable) grow(flags ...string) outcome {
	r.t.Helper()
	return r.p.run(r.t, append(append([]string{"apply", "--yes"}, flags...), r.image, write(r.t, "image grow 4MiB\n"))...)
}

// is compares the size of the disk, and that QEMU finds nothing wrong.
func (r renewable) is(size int64) {
	r.t.Helper()
	raw := asRaw(r.t, r.image, "vdi")
	if n := fileSize(r.t, raw); n != size {
		r.t.Errorf("the disk has %d bytes, want %d", n, size)
	}
	oracle.TableClean(r.t, raw)
}

// smallRaw is such an image before it got its format.
func smallRaw(t *testing.T) string {
	t.Helper()
	return oracle.Image(t, 8, smallRenewed)
}

// beside lists what lies beside the image.
func (r renewable) beside(want ...string) {
	r.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(r.image))
	if err != nil {
		r.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != fmt.Sprint(want) {
		r.t.Errorf("beside it lie %q, want %q", names, want)
	}
}

// TestRenewedElsewhere meets images with other names, and in places where a new file cannot take the name: it is refused before
// anything is staged, and nothing changes.
func TestRenewedElsewhere(t *testing.T) {
	t.Parallel()
	raw := smallRaw(t)
	t.Run("hard link", func(t *testing.T) {
		r := newRenewable(t, people()[0], raw)
		sh(t, filepath.Dir(r.image), fmt.Sprintf("ln './%s' other", oddName))
		r.grow().want(t, exitRefused, "hard links", "Nothing was changed")
		r.is(8 * mib)
		r.beside(oddName, "other")
	})
	t.Run("link", func(t *testing.T) {
		r := newRenewable(t, people()[0], raw)
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(r.image, link); err != nil {
			t.Fatal(err)
		}
		renewable{t, r.p, link}.grow().want(t, exitDone, "Done")
		r.is(12 * mib)
		r.beside(oddName, oddName+".shunt")
		r.p.run(t, "undo", "--yes", link).want(t, exitDone)
		r.is(8 * mib)
		r.beside(oddName)
	})
	t.Run("mounted alone", func(t *testing.T) {
		testneed.Root(t)
		r := newRenewable(t, people()[0], raw)
		at := filepath.Join(t.TempDir(), oddName)
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount(r.image, at, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) }) // again, if the test has done it
		for _, image := range []string{r.image, at} {
			renewable{t, r.p, image}.grow().want(t, exitRefused, "mounted", "Nothing was changed")
		}
		if err := unix.Unmount(at, 0); err != nil {
			t.Fatal(err)
		}
		r.is(8 * mib)
		r.beside(oddName)
	})
	t.Run("no right to the directory", func(t *testing.T) {
		testneed.Root(t)
		r := newRenewable(t, people()[1], raw)
		if err := os.Chown(filepath.Dir(r.image), 0, 0); err != nil {
			t.Fatal(err)
		}
		r.grow("--journal", r.p.dir(t)).want(t, exitRefused, "cannot write to its directory", "Nothing was changed")
		r.is(8 * mib)
		r.beside(oddName)
	})
	t.Run("the image of another user", func(t *testing.T) {
		testneed.Root(t)
		r := newRenewable(t, people()[1], raw)
		if err := os.Chown(r.image, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(r.image, 0o666); err != nil {
			t.Fatal(err)
		}
		r.grow("--journal", r.p.dir(t)).want(t, exitRefused, "owner of the image")
		r.is(8 * mib)
		r.beside(oddName)
	})
}

// TestRenewedKeeps looks at what a new image takes over from the old one, at a journal on another file system, and at what an
// undo refuses.
func TestRenewedKeeps(t *testing.T) {
	t.Parallel()
	raw := smallRaw(t)
	t.Run("owner, mode, attributes", func(t *testing.T) {
		testneed.Root(t)
		r := newRenewable(t, people()[0], raw)
		if err := os.Chown(r.image, 12345, 54321); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(r.image, 0o640); err != nil {
			t.Fatal(err)
		}
		attribute := unix.Setxattr(r.image, "user.shunt", []byte("kept"), 0)
		r.grow().want(t, exitDone)
		var st unix.Stat_t
		if err := unix.Stat(r.image, &st); err != nil || st.Uid != 12345 || st.Gid != 54321 || st.Mode&0o7777 != 0o640 {
			t.Errorf("%+v, %v", st, err)
		}
		value := make([]byte, 16)
		if n, err := unix.Getxattr(r.image, "user.shunt", value); attribute == nil && (err != nil || string(value[:n]) != "kept") {
			t.Errorf("the attribute is %q, %v", value[:n], err)
		}
	})
	t.Run("journal elsewhere", func(t *testing.T) {
		r := newRenewable(t, people()[0], raw)
		journals := "/dev/shm/" + filepath.Base(filepath.Dir(filepath.Dir(r.image)))
		if err := os.Mkdir(journals, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(journals) })
		r.grow("--journal", journals).want(t, exitDone)
		r.beside(oddName, oddName+".shunt")
		r.p.run(t, "info", r.image).want(t, 0) // it removes nothing
		r.grow("--journal", journals).want(t, exitDone)
		r.is(16 * mib)
		r.p.run(t, "undo", "--yes", "--journal", journals, r.image).want(t, exitDone)
		r.is(12 * mib)
		r.beside(oddName, oddName+".shunt") // the oldest one can still be brought back
		r.p.run(t, "undo", "--yes", "--journal", journals, r.image).want(t, exitDone)
		r.is(8 * mib)
		r.beside(oddName)
	})
	t.Run("no undo", func(t *testing.T) {
		r := newRenewable(t, people()[len(people())-1], raw)
		r.grow("--no-undo").want(t, exitDone)
		r.is(12 * mib)
		r.beside(oddName)
		r.p.run(t, "undo", "--yes", r.image).want(t, exitRefused, "no transaction that can be undone")
	})
	t.Run("written since", func(t *testing.T) {
		r := newRenewable(t, people()[0], raw)
		r.grow().want(t, exitDone)
		sh(t, filepath.Dir(r.image), fmt.Sprintf("qemu-io -f vdi -c 'write -P 7 10M 64k' './%s'", oddName))
		r.p.run(t, "undo", "--yes", r.image).want(t, exitRefused, "changed since")
		r.is(12 * mib)
		r.grow().want(t, exitDone) // the old image goes
		r.is(16 * mib)
	})
}

// TestRenewedFull has too little room beside an image. That is said before it is asked, and the image is as it was.
func TestRenewedFull(t *testing.T) {
	t.Parallel()
	testneed.Root(t)
	raw := oracle.Image(t, 24, smallRenewed+`
head -c 12000000 /dev/urandom | dd of=$IMG bs=1M seek=6 conv=notrunc status=none`)
	made, at := newRenewable(t, people()[0], raw), t.TempDir()
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, "size=20M"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	r := renewable{t, made.p, filepath.Join(at, "image")}
	sh(t, at, "cp --sparse=always '"+made.image+"' ./image")
	before := digest(t, r.image)
	o := r.grow()
	o.want(t, exitRefused, "are free", "unchanged")
	if strings.Contains(o.err, "The commit") {
		t.Errorf("it goes on:\n%s", o.err)
	}
	if digest(t, r.image) != before {
		t.Error("the image was changed")
	}
	r.beside("image")
}
