package fsys

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
)

// madeEROFS is the image of a directory with names of all kinds.
func madeEROFS(t *testing.T) (image, dir string) {
	t.Helper()
	testneed.Tool(t, "mkfs.erofs")
	dir, image = t.TempDir(), filepath.Join(t.TempDir(), "image")
	for _, name := range []string{"file", "größe x", "with  two blanks", " 1    2  odd", "sub/inside", "sub/deep/er", "Size: 1  On-disk size: 1  directory"} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(strings.Repeat("x", 9000)), 0o644))
	}
	must(t, os.Symlink("file", filepath.Join(dir, "link")))
	tool(t, "mkfs.erofs", "--quiet", "-zlz4hc", image, dir)
	return image, dir
}

// TestDumpEROFS lists with dump.erofs, as without a mount.
func TestDumpEROFS(t *testing.T) {
	testneed.Tool(t, "dump.erofs")
	image, dir := madeEROFS(t)
	src := Files{Kind: model.EROFS, Window: func() (string, error) { return image, nil }}
	read := Of(model.EROFS).ways[1].Read
	for _, at := range [][]string{nil, {"sub"}, {"sub", "deep"}} {
		entries, more, err := read(context.Background(), src, at)
		must(t, err)
		var got, want []string
		for _, e := range entries {
			if e.Name != "." && e.Name != ".." {
				got = append(got, e.Exact()+" "+string(e.Kind))
			}
		}
		found, err := os.ReadDir(filepath.Join(append([]string{dir}, at...)...))
		must(t, err)
		for _, f := range found {
			kind := "file"
			if f.IsDir() {
				kind = "directory"
			} else if !f.Type().IsRegular() {
				kind = "link"
			}
			want = append(want, f.Name()+" "+kind)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || more {
			t.Errorf("%q holds %q, want %q", at, got, want)
		}
	}
	for _, at := range [][]string{{"file"}, {"link"}, {"none"}, {"sub", "none"}, {"file", "x"}} {
		if _, _, err := read(context.Background(), src, at); !errors.Is(err, ErrNoDirectory) {
			t.Errorf("%q: %v", at, err)
		}
	}
	image = sparse(t, mib)
	if _, _, err := read(context.Background(), src, nil); err == nil || errors.Is(err, ErrNoDirectory) {
		t.Errorf("no EROFS at all: %v", err)
	}
}

func TestCheckEROFS(t *testing.T) {
	tools := toolsHere(t, "fsck.erofs")
	image, _ := madeEROFS(t)
	must(t, checked(context.Background(), tools, model.EROFS, image))
	must(t, tools.Verify(context.Background(), model.EROFS, image))
	_, err := open(t, image).WriteAt(bytes.Repeat([]byte{0xA5}, 1024), 1024+128) // the inodes follow the superblock
	must(t, err)
	if err := checked(context.Background(), tools, model.EROFS, image); err == nil || !strings.Contains(err.Error(), "fsck.erofs ended") && !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a damaged one: %v", err)
	}
}
