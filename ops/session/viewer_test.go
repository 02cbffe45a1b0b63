package session

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/testneed"
	"shunt/ops/fsys"
	"shunt/ops/report"
	"shunt/ops/worker"
)

var hostileFlag = flag.Int("hostile", 5, "how many damaged images of each kind are looked at")

func TestMain(m *testing.M) {
	if worker.Called() {
		os.Exit(worker.Main(os.Stderr))
	}
	flag.Parse()
	// Under the race detector every worker would otherwise wait for a second before it ends.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// sh runs a shell script with the tools' directories on the path.
func sh(t testing.TB, dir, script string) string {
	t.Helper()
	return testneed.Shell(t, dir, script, "LC_ALL=C.UTF-8", "TZ=UTC")
}

// when is the time of all files in the tests' trees; FAT keeps even seconds only.
var when = time.Date(2021, 3, 4, 5, 6, 8, 0, time.UTC)

// tree makes a directory with names that are hard to list: for FAT and NTFS only such as they can hold.
func tree(t testing.TB, hard bool) string {
	t.Helper()
	dir := t.TempDir()
	names := map[string]int{
		"hello.txt": 3, "A Long Name With Spaces.bin": 70000, "ünï-日本.txt": 1, "EMPTY": 0, "lower.txt": 5,
		"sub/inside": 7, "sub/deeper/bottom.dat": 9000,
	}
	if hard {
		names["new\nline"], names["esc\x1b[31m"], names["back\\slash\\x41"], names["bidi\u202etxt.exe"] = 1, 2, 3, 4
		names["not\xff\xfeutf8"], names[strings.Repeat("k", 247)] = 5, 6
	}
	for name, size := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat("x", size)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if hard {
		for from, to := range map[string]string{"link": "hello.txt", "l1": "l2", "l2": "l1", "self": "self", "far": strings.Repeat("/x", 100)} {
			if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
				t.Fatal(err)
			}
		}
	}
	sh(t, dir, "find . -exec touch -h -d @"+fmt.Sprint(when.Unix())+" {} +")
	return dir
}

// want is what is in a directory of the tree, told like a listing: "name kind size target".
func want(t testing.TB, dir string) []string {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range found {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case f.IsDir():
			lines = append(lines, f.Name()+" directory -1 ")
		case f.Type()&os.ModeSymlink != 0:
			lines = append(lines, f.Name()+" link -1 ")
		default:
			lines = append(lines, fmt.Sprintf("%s file %d ", f.Name(), info.Size()))
		}
	}
	slices.Sort(lines)
	return lines
}

// told is a listing in the same form, without what the file system adds by itself.
func told(t testing.TB, list report.Listing) []string {
	t.Helper()
	var lines []string
	for _, e := range list.Entries {
		if e.Exact() == "lost+found" {
			continue
		}
		if e.Name != safetext.Printable(e.Exact()) || strings.ContainsAny(e.Name+e.Target, "\n\x1b\u202e") {
			t.Errorf("%q is not printable", e.Name)
		}
		if e.Kind == report.FileRegular && e.Modified.Truncate(time.Minute) != when.Truncate(time.Minute) {
			t.Errorf("%q is of %s", e.Name, e.Modified)
		}
		lines = append(lines, fmt.Sprintf("%s %s %d ", e.Exact(), e.Kind, e.Size))
	}
	slices.Sort(lines)
	return lines
}

func openView(t testing.TB, path string) *Viewer {
	t.Helper()
	v, err := View(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// sameTree compares the listing of every directory with the tree, and asks for what is none.
func sameTree(t *testing.T, v *Viewer, id model.PartID, dir, by string) {
	t.Helper()
	for _, at := range []string{"", "sub/../sub/./deeper/"} {
		list, err := v.List(context.Background(), id, at)
		if err != nil {
			t.Fatalf("%q: %v", at, err)
		}
		if list.By != by || list.More {
			t.Errorf("%q was read by %s, more %v", at, list.By, list.More)
		}
		if got, want := told(t, list), want(t, filepath.Join(dir, at)); !slices.Equal(got, want) {
			t.Errorf("%q holds\n%q, want\n%q", at, got, want)
		}
	}
	for at, want := range map[string]string{
		"sub/nosuch/deeper": "/sub/nosuch: there is no file or directory of this name",
		"nosuch":            "/nosuch: there is no file or directory of this name",
		"hello.txt/":        "/hello.txt: it is not a directory",
		"hello.txt/deeper":  "/hello.txt: it is not a directory",
	} {
		if _, err := v.List(context.Background(), id, at); !errors.Is(err, fsys.ErrNoDirectory) || err.Error() != want {
			t.Errorf("%q: %v", at, err)
		}
	}
	// A file is listed as its directory lists it, and so is a link.
	root, err := v.List(context.Background(), id, "/")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range root.Entries {
		if e.Kind == report.FileDirectory {
			continue
		}
		list, err := v.List(context.Background(), id, e.Exact())
		if alone := (report.Listing{Entries: []report.FileEntry{e}}); err != nil || !list.File || !slices.Equal(told(t, list), told(t, alone)) {
			t.Errorf("%q: %+v, %v", e.Exact(), list, err)
		}
		if e.Kind == report.FileSymlink {
			want := safetext.Printable("/"+e.Exact()) + ": it is a link, and links are not followed"
			if _, err := v.List(context.Background(), id, e.Exact()+"/x"); err == nil || err.Error() != want {
				t.Errorf("below %q: %v", e.Exact(), err)
			}
		}
	}
}

func TestListExt(t *testing.T) {
	testneed.Tool(t, "mke2fs")
	testneed.Tool(t, "debugfs")
	dir := tree(t, true)
	for _, c := range []struct{ name, args, by string }{
		{"default", "-t ext4", "go-diskfs"},
		{"4k blocks", "-t ext4 -b 4096", "go-diskfs"},
		{"no 64bit", "-t ext4 -O ^64bit", "go-diskfs"},
		{"bigalloc", "-t ext4 -O bigalloc", "go-diskfs"},
		{"no journal", "-t ext4 -O ^has_journal", "go-diskfs"},
		{"ext2", "-t ext2", "debugfs"},
		{"ext3", "-t ext3", "debugfs"},
		{"no metadata_csum", "-t ext4 -O ^metadata_csum", "debugfs"},
		{"small inodes", "-t ext4 -I 128", "debugfs"},
		{"no extents", "-t ext4 -O ^extents,^64bit", "debugfs"},
		{"inline data", "-t ext4 -O inline_data", "debugfs"},
		{"no filetype", "-t ext4 -O ^filetype", "debugfs"},
		{"meta_bg", "-t ext4 -O meta_bg,^resize_inode", "debugfs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image")
			sh(t, ".", fmt.Sprintf("truncate -s 24M %s; mke2fs -q -F -d %s %s %s", image, dir, c.args, image))
			by := c.by
			v := openView(t, image)
			list, err := v.List(context.Background(), 0, "")
			if err != nil {
				t.Fatal(err)
			}
			// The tree has a name that is no UTF-8, which go-diskfs cannot be trusted with.
			if list.By != "debugfs" {
				t.Errorf("read by %s", list.By)
			}
			if got, want := told(t, list), want(t, dir); !slices.Equal(got, want) {
				t.Errorf("it holds\n%q, want\n%q", got, want)
			}
			if list, err = v.List(context.Background(), 0, "sub"); err != nil || list.By != by {
				t.Errorf("sub: by %s, %v", list.By, err)
			}
			if got, want := told(t, list), want(t, filepath.Join(dir, "sub")); !slices.Equal(got, want) {
				t.Errorf("sub holds %q, want %q", got, want)
			}
		})
	}
}

// TestListPlaces lists every kind in a partition of a table, beside a session that holds the lock for editing.
func TestListPlaces(t *testing.T) {
	testneed.Tool(t, "sfdisk")
	easy := tree(t, false)
	for _, c := range []struct {
		name, by string
		tools    []string
		root     bool
		fill     string // $i is the partition's image of 40 MiB, $d the tree
	}{
		{"ext4", "go-diskfs", []string{"mke2fs"}, false, "mke2fs -q -F -t ext4 -d $d $i"},
		{"fat16", "go-diskfs", []string{"mkfs.fat", "mcopy"}, false, "mkfs.fat -F 16 $i; mcopy -s -m -i $i $d/* ::/"},
		{"fat32", "go-diskfs", []string{"mkfs.fat", "mcopy"}, false, "mkfs.fat -F 32 -s 1 $i; mcopy -s -m -i $i $d/* ::/"},
		{"fat12", "go-diskfs", []string{"mkfs.fat", "mcopy"}, false, "mkfs.fat -F 12 -s 64 $i; mcopy -s -m -i $i $d/* ::/"},
		{"one FAT", "mdir", []string{"mkfs.fat", "mcopy", "mdir"}, false, "mkfs.fat -F 16 -f 1 $i; mcopy -s -m -i $i $d/* ::/"},
		{"squashfs", "unsquashfs", []string{"mksquashfs", "unsquashfs"}, false, "rm $i; mksquashfs $d $i -quiet -no-progress"},
		{"erofs", "the kernel, mounted read-only", []string{"mkfs.erofs"}, true, "rm $i; mkfs.erofs --quiet -E force-inode-extended $i $d"},
		{"btrfs", "the kernel, mounted read-only", []string{"mkfs.btrfs"}, true, "mkfs.btrfs -q --mixed --rootdir $d $i"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, tool := range c.tools {
				testneed.Tool(t, tool)
			}
			if c.root {
				testneed.Root(t)
			}
			work := t.TempDir()
			disk := filepath.Join(work, "disk.img")
			sh(t, work, "i=part; d='"+easy+"'; truncate -s 40M $i; "+c.fill+`
n=$(($(stat -c %s $i) / 1048576 + 4))
truncate -s $((n + 4))M disk.img
printf "label: gpt\nfirst-lba: 34\nstart=34,size=20\nsize=${n}M,start=2048\n" | sfdisk -q disk.img
dd if=$i of=disk.img bs=1M seek=1 conv=notrunc status=none`)
			s, err := Open(disk, Options{})
			if err != nil {
				t.Fatal(err)
			}
			before := sh(t, work, "sha256sum disk.img; stat -c %Y.%y disk.img")
			sameTree(t, &s.Viewer, 2, easy, c.by)
			if _, err := s.List(context.Background(), 3, ""); err == nil {
				t.Error("a partition that is not there was listed")
			}
			if _, err := s.List(context.Background(), 1, ""); err == nil {
				t.Error("an unformatted partition was listed")
			}
			sheet, err := s.Inform(context.Background(), 2)
			if err != nil || len(sheet.Said) != 1 || sheet.Said[0].Output == "" || sheet.Said[0].Err != "" {
				t.Errorf("the tools say %+v, %v", sheet.Said, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if after := sh(t, work, "sha256sum disk.img; stat -c %Y.%y disk.img"); after != before {
				t.Errorf("the image changed: %s, was %s", after, before)
			}
		})
	}
}

func TestListNTFS(t *testing.T) {
	for _, tool := range []string{"mkfs.ntfs", "ntfscp", "ntfsls"} {
		testneed.Tool(t, tool)
	}
	work := t.TempDir()
	sh(t, work, "truncate -s 20M image; mkfs.ntfs -q -F image; echo hi >hello.txt; ntfscp image hello.txt hello.txt; ntfscp image hello.txt 'a long name.txt'")
	v := openView(t, filepath.Join(work, "image"))
	list, err := v.List(context.Background(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list.Entries {
		names = append(names, fmt.Sprintf("%s %s %d", e.Name, e.Kind, e.Size))
	}
	if !slices.Equal(names, []string{"a long name.txt file 3", "hello.txt file 3"}) || list.By != "ntfsls" {
		t.Errorf("it holds %q by %s", names, list.By)
	}
	if _, err := v.List(context.Background(), 0, "nosuch"); !errors.Is(err, fsys.ErrNoDirectory) {
		t.Errorf("a directory that is not there: %v", err)
	}
	if list, err := v.List(context.Background(), 0, "hello.txt"); err != nil || !list.File || list.Entries[0].Size != 3 {
		t.Errorf("a file: %+v, %v", list, err)
	}
}

func TestListStale(t *testing.T) {
	testneed.Tool(t, "mke2fs")
	testneed.Tool(t, "debugfs")
	work := t.TempDir()
	sh(t, work, "truncate -s 8M image; mke2fs -q -F -t ext4 image; debugfs -w -R 'feature needs_recovery' image")
	list, err := openView(t, filepath.Join(work, "image")).List(context.Background(), 0, "")
	if err != nil || len(list.Notes) != 1 || !strings.Contains(list.Notes[0], "journal needs recovery") {
		t.Errorf("%q, %v", list.Notes, err)
	}
}

// TestLongNames has go-diskfs fall over: it counts the length of an entry in a byte.
func TestLongNames(t *testing.T) {
	testneed.Tool(t, "mke2fs")
	for _, n := range []int{247, 248, 255} {
		work := t.TempDir()
		sh(t, work, fmt.Sprintf("mkdir d; touch d/$(printf '%%0%dd' 7); truncate -s 8M image; mke2fs -q -F -t ext4 -d d image", n))
		list, err := openView(t, filepath.Join(work, "image")).List(context.Background(), 0, "")
		if err != nil {
			t.Fatal(err)
		}
		by := "debugfs"
		if n < 248 {
			by = "go-diskfs"
		}
		if len(list.Entries) != 2 || len(list.Entries[0].Name) != n || list.By != by {
			t.Errorf("%d bytes: %d entries by %s", n, len(list.Entries), list.By)
		}
	}
}

// A root directory that is no directory is damage, and no path that leads nowhere; below it nothing is missing either.
func TestListNoRoot(t *testing.T) {
	testneed.Tool(t, "mke2fs")
	testneed.Tool(t, "debugfs")
	work := t.TempDir()
	sh(t, work, "truncate -s 8M image; mke2fs -q -F -t ext4 image; debugfs -w -R 'clri <2>' image")
	v := openView(t, filepath.Join(work, "image"))
	for _, at := range []string{"", "nosuch"} {
		_, err := v.List(context.Background(), 0, at)
		if err == nil || errors.Is(err, fsys.ErrNoDirectory) || !strings.Contains(err.Error(), "debugfs cannot read the directory: Ext2 inode is not a directory") {
			t.Errorf("%q: %v", at, err)
		}
	}
}
