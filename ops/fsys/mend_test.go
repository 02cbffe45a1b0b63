package fsys

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/ops/report"
)

// checked has the file system repaired and forgets what became of the files.
func checked(ctx context.Context, t Tools, kind model.FSKind, path string) error {
	_, err := t.Repair(ctx, kind, path)
	return err
}

// patch writes bytes into an image.
func patch(t *testing.T, path string, off int64, b ...byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt(b, off)
	must(t, errors.Join(err, f.Close()))
}

// damages are what somebody did to an image with four files, /a, /b, /d/c and /e, and what the repair says of it.
var damages = []struct {
	name   string
	kind   model.FSKind
	damage func(t *testing.T, path string)
	passes bool   // it is mended in passing
	want   string // counts of the repair
}{
	{"a count", model.Ext4, asked("ssv free_blocks_count 30000"), true, ""},
	{"an impossible count", model.Ext4, asked("ssv free_blocks_count 3294968254"), true, ""},
	{"a journal", model.Ext4, asked("feature needs_recovery"), true, ""},
	{"a mode", model.Ext4, asked("sif /a mode 0170000"), false, "deleted:1"},
	{"an inode", model.Ext4, asked("clri /a"), false, "deleted:1"},
	{"an illegal block", model.Ext4, asked("sif /b block[3] 4000000000"), false, "*"},
	{"a shared block", model.Ext4, asked("copy_inode /a /b"), false, "*"},
	{"a directory without a name", model.Ext4, asked("unlink /d"), false, "brought back:2"},
	{"a directory without its block", model.Ext4, asked("zap_block -f /d 0"), false, "*"},
	{"a wrong size", model.Ext4, asked("sif /a size 1000"), false, "*"},
	{"the mark of FAT16", model.FAT16, func(t *testing.T, path string) { patch(t, path, 37, 1) }, true, ""},
	{"the mark of FAT32", model.FAT32, func(t *testing.T, path string) { patch(t, path, 65, 1) }, true, ""},
	{"the count of FAT32", model.FAT32, func(t *testing.T, path string) { patch(t, path, 512+488, 7, 0) }, true, ""},
	{"crossed chains", model.FAT16, func(t *testing.T, path string) { cross(t, path, 5) }, false, "cut:1 brought back:1"},
	{"a chain into a directory", model.FAT16, func(t *testing.T, path string) { cross(t, path, intoDir) }, false, "*"}, // in two passes
	{"a chain into nothing", model.FAT16, func(t *testing.T, path string) { cross(t, path, 60000) }, false, "cut:1 brought back:1"},
}

// asked has debugfs do something to an image.
func asked(request string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) { tool(t, "debugfs", "-w", "-R", request, path) }
}

// intoDir has cross go on in the directory /D, the third entry of the root directory.
const intoDir = -1

// cross lets the chain of /B, the second entry of the root directory, go on in a cluster of /A after 20 of its own.
func cross(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	le := binary.LittleEndian
	reserved, copies, length := int(le.Uint16(b[14:])), int(b[16]), int(le.Uint16(b[22:]))
	root := b[(reserved+copies*length)*512:]
	first, second := int(le.Uint16(root[26:])), int(le.Uint16(root[58:]))
	if at == intoDir {
		at = int(le.Uint16(root[90:])) - first
	}
	for i := range copies {
		off := (reserved+i*length)*512 + (second+20)*2
		patch(t, path, int64(off), le.AppendUint16(nil, uint16(first+at))...)
	}
}

// TestRepairs: no file that could be read before is another or gone after, unless the report names it; what passes without
// a repair leaves all files, and all else is refused where no repair was asked for. Foreign tools do the damage and read.
func TestRepairs(t *testing.T) {
	tools := toolsHere(t, "mke2fs", "e2fsck", "debugfs", "mkfs.fat", "fsck.fat", "mcopy", "mmd")
	files := filesToLose(t)
	images := map[model.FSKind]string{}
	for _, c := range damages {
		if images[c.kind] == "" {
			images[c.kind] = imageToDamage(t, c.kind, files)
		}
		t.Run(c.name, func(t *testing.T) {
			path := copyOf(t, images[c.kind])
			c.damage(t, path)
			before := readable(t, c.kind, path, files)

			ready := copyOf(t, path)
			r, err := tools.Ready(t.Context(), c.kind, ready)
			damaged := (*DamagedError)(nil)
			switch {
			case c.passes && (err != nil || len(r.Mended) == 0 || r.Repaired):
				t.Errorf("should pass and say what was done: %v, %+v", err, r)
			case !c.passes && (!errors.As(err, &damaged) || !damaged.Repairs):
				t.Errorf("passed: %v, %+v", err, r)
			case c.passes:
				compareFiles(t, before, readable(t, c.kind, ready, files), nil)
				must(t, tools.Verify(t.Context(), c.kind, ready))
			}
			r, err = tools.Repair(t.Context(), c.kind, path)
			must(t, err)
			compareFiles(t, before, readable(t, c.kind, path, files), r.Files)
			if got := counts(r); c.want != "*" && got != c.want || r.Repaired == c.passes || r.NotListed != "" {
				t.Errorf("the repair says %q of the files, want %q: %+v", got, c.want, r)
			}
			must(t, tools.Verify(t.Context(), c.kind, path))
		})
	}
}

func counts(r report.Repair) string {
	var parts []string
	for _, fate := range []report.Fate{report.Deleted, report.Cut, report.Changed, report.ToLost, report.Renamed, report.Restored} {
		if n := r.Counts[fate]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s:%d", fate, n))
		}
	}
	return strings.Join(parts, " ")
}

// filesToLose is a directory with the files.
func filesToLose(t *testing.T) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.NewChaCha8([32]byte{1})
	must(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
	for name, n := range map[string]int{"a": 300_000, "b": 200_000, "d/c": 50_000, "e": 0} {
		b := make([]byte, n)
		_, _ = rng.Read(b)
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	return dir
}

func imageToDamage(t *testing.T, kind model.FSKind, files string) string {
	t.Helper()
	if kind == model.Ext4 {
		path := sparse(t, 32*mib)
		tool(t, "mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum,^extent,^64bit", "-d", files, path)
		return path
	}
	path, bits := sparse(t, 32*mib), "16"
	if kind == model.FAT32 {
		path, bits = sparse(t, 40*mib), "32"
	}
	tool(t, "mkfs.fat", "-F", bits, "-s", map[string]string{"16": "4", "32": "1"}[bits], path)
	tool(t, "mcopy", "-i", path, filepath.Join(files, "a"), filepath.Join(files, "b"), "::/")
	tool(t, "mmd", "-i", path, "::/d")
	tool(t, "mcopy", "-i", path, filepath.Join(files, "d/c"), "::/d/")
	tool(t, "mcopy", "-i", path, filepath.Join(files, "e"), "::/")
	return path
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "image")
	tool(t, "cp", "--sparse=always", path, to)
	return to
}

// readable is the contents of the files that foreign tools read from an image.
func readable(t *testing.T, kind model.FSKind, image, files string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, name := range []string{"a", "b", "d/c", "e"} {
		to := filepath.Join(t.TempDir(), "file")
		if kind == model.Ext4 {
			try(t, "prlimit", "--fsize=2000000", "debugfs", "-R", // a damaged file can be endless
				"dump /"+name+" "+to, image)
		} else {
			try(t, "mcopy", "-n", "-i", image, "::/"+name, to)
		}
		got, err := os.ReadFile(to)
		want, wrong := os.ReadFile(filepath.Join(files, name))
		must(t, wrong)
		if err == nil && bytes.Equal(got, want) {
			found["/"+name] = got
		}
	}
	return found
}

// compareFiles fails for a file that is not as it was and not named.
func compareFiles(t *testing.T, before, after map[string][]byte, named []report.FileFate) {
	t.Helper()
	for path, was := range before {
		is, there := after[path]
		told := slices.ContainsFunc(named, func(f report.FileFate) bool { return strings.EqualFold(f.Path, path) })
		if (!there || !bytes.Equal(is, was)) && !told {
			t.Errorf("%s could be read before, and is another or gone; nothing names it", path)
		}
	}
}

// TestCompare: what is found under another name has moved, once, and what lies in a directory moves with it.
func TestCompare(t *testing.T) {
	const file, dir = report.FileRegular, report.FileDirectory
	before := tree{
		"/a": {id: 1, kind: file, size: 10}, "/b": {id: 2, kind: file, size: 20}, "/c": {id: 3, kind: file, size: 30}, "/d": {id: 4, kind: dir, size: 0}, "/d/x": {id: 5, kind: file, size: 1}, "/e": {id: 6, kind: file, size: 5},
		"/f": {id: 0, kind: file, size: 0}, "/l": {id: 7, kind: file, size: 9}, "/same": {id: 8, kind: file, size: 8},
	}
	after := tree{
		"/a": {id: 1, kind: file, size: 4}, "/B": {id: 2, kind: file, size: 20}, "/lost+found": {id: 11, kind: dir, size: 0}, "/lost+found/#4": {id: 4, kind: dir, size: 0}, "/lost+found/#4/x": {id: 5, kind: file, size: 1},
		"/lost+found/#6": {id: 6, kind: file, size: 6}, "/l": {id: 7, kind: dir, size: 0}, "/same": {id: 8, kind: file, size: 8}, "/lost+found/#9": {id: 9, kind: file, size: 3},
	}
	var r report.Repair
	r.Repaired = true
	before.compare(after, &r)
	want := "deleted:2 cut:2 changed:1 moved to lost+found:1 renamed:1 brought back:2"
	if got := counts(r); got != want || r.Kept != 2 {
		t.Errorf("%s, %d kept, want %s\n%s", got, r.Kept, want, strings.Join(r.Lines(99), "\n"))
	}
}

// TestSecondSuperblock: an f2fs whose first superblock is destroyed is ready for other edits once it has a first one again.
func TestSecondSuperblock(t *testing.T) {
	tools, path := toolsHere(t, "mkfs.f2fs", "fsck.f2fs"), sparse(t, 64*mib)
	tool(t, "mkfs.f2fs", "-q", path)
	patch(t, path, 1024, make([]byte, 3072)...)
	if fs := mustProbe(t, path); fs.Dirty.OK() {
		t.Errorf("%+v", fs)
	}
	r, err := tools.Ready(t.Context(), model.F2FS, path)
	must(t, err)
	if fs := mustProbe(t, path); len(r.Mended) != 1 || r.Repaired || !fs.Dirty.OK() {
		t.Errorf("%+v, %+v", r, fs)
	}
}
