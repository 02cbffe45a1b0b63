package fsys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// contentsOf opens the file system in a file.
func contentsOf(t testing.TB, kind model.FSKind, path string) Contents {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	must(t, err)
	c, err := Of(kind).Contents(t.Context(), Files{
		Base: f, Len: info.Size(), Kind: kind, Window: func() (string, error) { return path, nil },
	})
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

// readNode reads a whole file in pieces of odd lengths.
func readNode(ctx context.Context, c Contents, n Node) (b []byte, err error) {
	f, err := c.Open(ctx, n)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
}

// everything returns the contents of all files, and directories by a name that ends in a slash.
func everything(t testing.TB, c Contents) map[string]string {
	t.Helper()
	all := map[string]string{}
	var walk func(dir Node, path string)
	walk = func(dir Node, path string) {
		must(t, c.Entries(t.Context(), dir, func(n Node) error {
			switch at := path + n.Name; n.Kind {
			case report.FileDirectory:
				all[at+"/"] = ""
				walk(n, at+"/")
			case report.FileRegular:
				b, err := readNode(t.Context(), c, n)
				must(t, err)
				if all[at] = string(b); n.Size >= 0 && int64(len(b)) != n.Size {
					t.Errorf("%q has %d bytes and says %d", at, len(b), n.Size)
				}
			case report.FileSymlink:
				all[at] = "-> " + n.Target
			case report.FileOther:
				all[at] = "special"
			}
			return nil
		}))
	}
	root, err := c.Root(t.Context())
	must(t, err)
	walk(root, "")
	delete(all, "lost+found/")
	return all
}

// sameContents compares what was read with what should be there.
func sameContents(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if text, ok := got[name]; !ok || text != want[name] {
			t.Errorf("%q: %t, %d bytes, want %d", name, ok, len(text), len(want[name]))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%q should not be there", name)
		}
	}
}

// filesToRead makes a directory with files of sizes around the borders of clusters and blocks, and returns what is in it.
// With links it has links and holes too.
func filesToRead(t testing.TB, links bool) (dir string, want map[string]string) {
	t.Helper()
	dir, want = t.TempDir(), map[string]string{}
	pattern := make([]byte, 300_000)
	for i := range pattern {
		pattern[i] = byte(i*i>>8 ^ i)
	}
	put := func(name string, b []byte) {
		want[name] = string(b)
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o640))
	}
	for _, d := range []string{"d", "d/Sub Directory", "many"} {
		must(t, os.Mkdir(filepath.Join(dir, d), 0o750))
		want[d+"/"] = ""
	}
	for name, n := range map[string]int{
		"empty": 0, "d/one": 1, "d/a": 511, "d/b": 512, "d/c": 513, "d/Sub Directory/Long Name with blanks.text": 4097,
		"d/Sub Directory/Ünïcödé — 日本.bin": 300_000, "UPPER.TXT": 8192, "lower.ext": 60_000,
	} {
		put(name, pattern[:n])
	}
	for i := range 150 {
		put("many/a file with a rather long name "+strings.Repeat("x", i%40)+string(rune('A'+i%26))+string(rune('a'+i/26)), pattern[i:2*i])
	}
	if !links {
		return dir, want
	}
	for name, to := range map[string]string{"short": "d/one", "passwd": "/etc/passwd", "d/long": strings.Repeat("../", 30) + "etc/passwd"} {
		must(t, os.Symlink(to, filepath.Join(dir, name)))
		want[name] = "-> " + to
	}
	for name, at := range map[string]int{"sparse": 3 << 20, "far": 68 << 20} {
		b := make([]byte, at+1<<20)
		copy(b[at:], "in the middle")
		writeSparse(t, filepath.Join(dir, name), b)
		want[name] = string(b)
	}
	pieces := make([]byte, 4<<20)
	for at := 0; at < len(pieces); at += 8 << 10 {
		copy(pieces[at:], fmt.Sprint("piece ", at))
	}
	writeSparse(t, filepath.Join(dir, "pieces"), pieces)
	want["pieces"] = string(pieces)
	return dir, want
}

// writeSparse writes a file with holes where there are blocks of zeros.
func writeSparse(t testing.TB, path string, b []byte) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	const block = 4096
	for at := 0; at < len(b); at += block {
		if piece := b[at:min(at+block, len(b))]; len(bytes.Trim(piece, "\x00")) > 0 {
			_, err = f.WriteAt(piece, int64(at))
			must(t, err)
		}
	}
	must(t, errors.Join(f.Truncate(int64(len(b))), f.Close()))
}

// TestContentsExt reads what mke2fs wrote, with all ways to find the content of a file.
func TestContentsExt(t *testing.T) {
	testneed.Tool(t, "mke2fs")
	dir, want := filesToRead(t, true)
	for i, c := range []struct {
		kind model.FSKind
		args string
	}{
		{model.Ext2, "-t ext2 -b 1024"},
		{model.Ext2, "-t ext2 -b 1024 -r 0"},
		{model.Ext3, "-t ext3 -b 4096 -O ^dir_index -I 128"},
		{model.Ext4, "-t ext4 -b 1024"},
		{model.Ext4, "-t ext4 -O inline_data -I 512"},
		{model.Ext4, "-t ext4 -O bigalloc,^flex_bg,meta_bg,^resize_inode,^metadata_csum"},
	} {
		if i == 1 { // only lists of blocks of 1 KiB have a third level for it
			must(t, os.Remove(filepath.Join(dir, "far")))
			delete(want, "far")
		}
		t.Run(c.args, func(t *testing.T) {
			path := sparse(t, 40*mib)
			tool(t, "sh", "-ec", `mke2fs -q `+c.args+` -d "$2" "$1"`, "sh", path, dir)
			fs := contentsOf(t, c.kind, path)
			got, want := everything(t, fs), maps.Clone(want)
			if strings.Contains(c.args, "inline_data") { // then mke2fs forgets zeros at the end of a file
				for name := range want {
					got[name], want[name] = strings.TrimRight(got[name], "\x00"), strings.TrimRight(want[name], "\x00")
				}
			}
			sameContents(t, got, want)
			var st unix.Stat_t
			must(t, unix.Stat(filepath.Join(dir, "d", "one"), &st))
			n, err := Walk(t.Context(), fs, []string{"d", "one"})
			if err != nil || n.Mode != st.Mode || n.UID != st.Uid || n.Modified.Unix() != st.Mtim.Sec || n.Links != 1 {
				t.Errorf("%+v, %v", n, err)
			}
			if _, err := Walk(t.Context(), fs, []string{"passwd", "x"}); !errors.Is(err, ErrIsLink) {
				t.Errorf("through a link: %v", err)
			}
			n, err = Walk(t.Context(), fs, []string{"pieces"})
			must(t, err)
			f, err := fs.Open(t.Context(), n)
			must(t, err)
			if from, to, err := f.Data(5000); !strings.Contains(c.args, "inline") && (err != nil || from != 8192 || to > 12288 && !strings.Contains(c.args, "bigalloc")) {
				t.Errorf("the data is said to be in [%d, %d), %v", from, to, err)
			}
		})
	}
}

// TestContentsFAT reads what mtools wrote, on all kinds of FAT and clusters of several sizes.
func TestContentsFAT(t *testing.T) {
	testneed.Tool(t, "mkfs.fat")
	testneed.Tool(t, "mcopy")
	dir, want := filesToRead(t, false)
	for _, c := range []struct {
		kind model.FSKind
		mib  int64
		args string
	}{
		{model.FAT12, 4, "-F 12 -s 4"},
		{model.FAT16, 40, "-F 16"},
		{model.FAT16, 40, "-F 16 -s 8 -S 1024"},
		{model.FAT32, 40, "-F 32 -s 1"},
	} {
		t.Run(c.args, func(t *testing.T) {
			path := sparse(t, c.mib*mib)
			tool(t, "sh", "-ec", `export LC_ALL=C.UTF-8 MTOOLSRC=/dev/null; mkfs.fat `+c.args+` "$1" >&2; mcopy -s -Q -m -i "$1" "$2"/* ::/`, "sh", path, dir)
			fs := contentsOf(t, c.kind, path)
			sameContents(t, everything(t, fs), want)
			n, err := Walk(t.Context(), fs, []string{"D", "SUB directory", "ünïcödé — 日本.BIN"})
			if err != nil || n.Name != "Ünïcödé — 日本.bin" || n.Modified.IsZero() || time.Since(n.Modified) > 48*time.Hour {
				t.Errorf("%+v, %v", n, err)
			}
			if n, err := Walk(t.Context(), fs, []string{"d", "subdir~1", "longna~1.tex"}); err != nil || n.Size != 4097 {
				t.Errorf("by the short name: %+v, %v", n, err)
			}
			for path, want := range map[string]error{"no": ErrNoFile, "empty/x": ErrNotDirectory, "d/x/y": ErrNoFile} {
				if _, err := Walk(t.Context(), fs, strings.Split(path, "/")); !errors.Is(err, want) {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
}

// TestNamesAsMtools compares odd names with those that mdir prints.
func TestNamesAsMtools(t *testing.T) {
	testneed.Tool(t, "mkfs.fat")
	testneed.Tool(t, "mdir")
	path := sparse(t, 4*mib)
	src := t.TempDir()
	for _, name := range []string{"plain", "UPPER.TXT", "low.EXT", "UP.ext", "Mixed.Txt", "a+b.txt", "two  blanks", "Ünïcode", "other"} {
		must(t, os.WriteFile(filepath.Join(src, name), nil, 0o600))
	}
	tool(t, "sh", "-ec", `export LC_ALL=C.UTF-8 MTOOLSRC=/dev/null; mkfs.fat -F 12 "$1" >&2; mcopy -Q -i "$1" "$2"/* ::/`, "sh", path, src)
	image, err := os.ReadFile(path)
	must(t, err)
	patch := func(from, to string, small byte) {
		i := bytes.Index(image, []byte(from))
		if i < 0 {
			t.Fatalf("%q is not there", from)
		}
		copy(image[i:], to)
		image[i+12] |= small
	}
	patch("PLAIN      ", "\x05\x8e\x90\x81\xe1 \xf0 T\x99X", 0x18) // code page 850
	patch("OTHER      ", "\x8e\x80(){}~!#$%", 0)
	patch("M\x00i\x00x\x00", "\x00\xd8i\x00\x1b\x00", 0) // half a pair, and a control character
	must(t, os.WriteFile(path, image, 0o600))
	want := map[string]bool{}
	for line := range strings.Lines(tool(t, "env", "LC_ALL=C.UTF-8", "MTOOLSRC=/dev/null", "mdir", "-a", "-i", path, "::/")) {
		if e, ok := parseMdir(strings.TrimRight(line, "\n")); ok {
			want[e.Exact()] = true
		}
	}
	fs := contentsOf(t, model.FAT12, path)
	for name := range everything(t, fs) {
		if !want[name] {
			t.Errorf("mdir does not show %q", name)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("mdir shows more: %v", want)
	}
}

// TestContentsNTFS reads what the tools of ntfs-3g wrote.
func TestContentsNTFS(t *testing.T) {
	testneed.Tool(t, "mkntfs")
	testneed.Tool(t, "ntfscp")
	dir, all := filesToRead(t, false)
	path, want := sparse(t, 16*mib), map[string]string{}
	script := `mkntfs -q -Q -F "$1" >&2; cd "$2"; export LC_ALL=C.UTF-8`
	for i, name := range []string{"empty", "d/c", "d/Sub Directory/Ünïcödé — 日本.bin", "lower.ext"} {
		to := fmt.Sprintf("file %d — ü", i)
		want[to] = all[name]
		script += "; ntfscp -f \"$1\" '" + name + "' '" + to + "'"
	}
	tool(t, "sh", "-ec", script, "sh", path, dir)
	fs := contentsOf(t, model.NTFS, path)
	sameContents(t, everything(t, fs), want)
	n, err := Walk(t.Context(), fs, []string{"FILE 2 — ü"})
	must(t, err)
	if n, err = Full(t.Context(), fs, n); err != nil || time.Since(n.Modified) > 48*time.Hour {
		t.Errorf("%+v, %v", n, err)
	}
	f, err := fs.Open(t.Context(), n)
	must(t, err)
	b := make([]byte, 1000)
	for _, off := range []int64{200_000, 100_000, 100_500, 299_000} { // also backwards
		if _, err := f.ReadAt(b, off); err != nil || string(b) != want["file 2 — ü"][off:off+1000] {
			t.Errorf("at %d: %v", off, err)
		}
	}
	must(t, f.Close())
}

// TestContentsSquash reads what mksquashfs wrote.
func TestContentsSquash(t *testing.T) {
	testneed.Tool(t, "mksquashfs")
	testneed.Tool(t, "unsquashfs")
	dir, want := filesToRead(t, true)
	for name := range want { // each file is a program
		if strings.HasPrefix(name, "many/") && len(name) > 43 || name == "far" || name == "pieces" {
			must(t, os.Remove(filepath.Join(dir, name)))
			delete(want, name)
		}
	}
	must(t, os.Chmod(filepath.Join(dir, "d", "one"), 0o751))
	path := filepath.Join(t.TempDir(), "image")
	tool(t, "mksquashfs", dir, path, "-quiet", "-no-progress")
	fs := contentsOf(t, model.SquashFS, path)
	sameContents(t, everything(t, fs), want)
	n, err := Walk(t.Context(), fs, []string{"d", "one"})
	if err != nil || n.Mode != unix.S_IFREG|0o751 || n.UID != uint32(os.Getuid()) || time.Since(n.Modified) > 48*time.Hour {
		t.Errorf("%+v, %v", n, err)
	}
	for letters, mode := range map[string]uint32{"rwxrwxrwx": 0o777, "rwSr-s--T": 0o7650, "---------": 0, "--s-----t": 0o5101} {
		if got := letteredMode(letters); got != mode {
			t.Errorf("%s is %o", letters, got)
		}
	}
}

// TestContentsSquashLineBreak reads a directory with a name that unsquashfs shows in two lines: only the others are there.
func TestContentsSquashLineBreak(t *testing.T) {
	testneed.Tool(t, "mksquashfs")
	testneed.Tool(t, "unsquashfs")
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "image")
	for _, name := range []string{"a", "b\nd", "c"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	tool(t, "mksquashfs", dir, path, "-quiet", "-no-progress")
	fs := contentsOf(t, model.SquashFS, path)
	root, err := fs.Root(t.Context())
	must(t, err)
	var names []string
	err = fs.Entries(t.Context(), root, func(n Node) error {
		names = append(names, n.Name)
		return nil
	})
	if !errors.Is(err, errLineBreak) || !slices.Equal(names, []string{"a", "c"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// TestContentsExFAT reads an exFAT that the kernel filled; see the README of the directory.
func TestContentsExFAT(t *testing.T) {
	testneed.Tool(t, "xz")
	path := sparse(t, 0)
	tool(t, "sh", "-c", `xz -dc ../../tui/cli/testdata/filled/exfat.xz | cp --sparse=always /dev/stdin "$1"`, "sh", path)
	want := map[string]string{"d0/": "", "d1/": ""}
	for i := range 6 {
		want[fmt.Sprintf("d%d/f%d", i%2, i)] = strings.Repeat(fmt.Sprintf("%d of a tree\n", i), 9000*(i+1))
	}
	fs := contentsOf(t, model.ExFAT, path)
	sameContents(t, everything(t, fs), want)
	f, err := os.Open(path)
	must(t, err)
	defer func() { _ = f.Close() }()
	entries, more, err := Of(model.ExFAT).ways[0].Read(t.Context(), Files{Base: f, Len: 64 * mib, Kind: model.ExFAT}, []string{"d1"})
	if err != nil || more || len(entries) != 3 || entries[0].Size != 216000 {
		t.Errorf("listed: %v, %t, %v", entries, more, err)
	}
	if n, err := Walk(t.Context(), fs, []string{"D1", "F3"}); err != nil || n.Name != "f3" || n.Modified.Year() < 2024 {
		t.Errorf("%+v, %v", n, err)
	}
}
