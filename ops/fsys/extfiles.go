package fsys

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/diskfs/go-diskfs/filesystem/ext4"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/model/scan/extfs"
	"shunt/ops/report"
)

// libraryReadsExt returns an error if go-diskfs must not read the ext file system. The library only knows ext4 with metadata
// checksums, extents, typed entries and inodes of 160 bytes or more, and it does not notice anything else.
func libraryReadsExt(src Files) error {
	b := make([]byte, extfs.SuperblockSize)
	if n, err := src.Base.ReadAt(b, src.Off+extfs.SuperblockOffset); n < len(b) {
		return err
	}
	sb, err := extfs.Parse(b)
	if err != nil {
		return err
	}
	const needs, refused = extfs.IncompatExtents | extfs.IncompatFiletype, extfs.IncompatInlineData | extfs.IncompatMetaBG |
		extfs.IncompatJournalDev | extfs.IncompatEncrypt
	switch {
	case !sb.HasMetadataCsum() || sb.Incompat&needs != needs || sb.Incompat&refused != 0,
		sb.InodeSize < 256 || sb.Size() > src.Len,
		!sb.SumOK():
		return errNotSuited
	}
	return nil
}

func readExtLibrary(_ context.Context, src Files, dir []string) ([]report.FileEntry, bool, error) {
	return guarded(func() (directories, error) { return ext4.Read(newStorage(src), src.Len, 0, 512) }, dir)
}

// readDebugfs walks down by inode numbers. It never passes names to debugfs, because they would have to be quoted.
func readDebugfs(ctx context.Context, src Files, dir []string) ([]report.FileEntry, bool, error) {
	window, err := src.Window()
	if err != nil {
		return nil, false, err
	}
	const root = "2"
	inode := root
	for _, name := range dir {
		above := inode
		err := find(name, func(each func(report.FileEntry) bool) error {
			_, err := debugfsList(ctx, window, above, func(f debugfsEntry) bool {
				inode = f.inode
				return each(f.entry)
			})
			return err
		})
		if err != nil {
			return nil, false, err
		}
	}
	var entries []report.FileEntry
	more, err := debugfsList(ctx, window, inode, func(f debugfsEntry) bool {
		entries = append(entries, f.entry)
		return len(entries) <= MostEntries+2 // "." and ".." are among them
	})
	if err != nil {
		return nil, false, err
	}
	return entries[:min(len(entries), MostEntries+2)], more, nil
}

type debugfsEntry struct {
	inode string
	entry report.FileEntry
}

// debugfsLine is a line of `ls -l`: inode, mode, type, user, group, size, date, name. Bytes of the name that are no plain
// ASCII come as \xNN, and so does the backslash.
var debugfsLine = regexp.MustCompile(`^\s*(\d+)\s+([0-7]+)\s+\(\d+\)\s+\d+\s+\d+\s+(\d+)\s+(\d{1,2}-[A-Z][a-z]{2}-\d{4} \d\d:\d\d) (.*)$`)

// debugfsList calls each with every entry of a directory until it returns false; more reports that it did. Catastrophic mode
// (-c) does not read the bitmaps, which are not needed.
func debugfsList(ctx context.Context, window, inode string, each func(debugfsEntry) bool) (more bool, err error) {
	var odd []string
	entries := 0
	exit, _, more, err := runLines(ctx, "e2fsprogs", []string{"DEBUGFS_PAGER=__none__"}, []string{"debugfs", "-c", "-R", "ls -l <" + inode + ">", window}, func(line string) bool {
		if m := debugfsLine.FindStringSubmatch(line); m != nil {
			entries++
			return each(debugfsParse(m))
		} else if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "debugfs ") && len(odd) < 3 {
			odd = append(odd, line)
		}
		return true
	})
	switch {
	case err != nil:
		return false, err
	case exit != 0:
		return false, fmt.Errorf("debugfs ended with exit code %d: %s", exit, safetext.Printable(strings.Join(odd, "; ")))
	case entries == 0 && len(odd) > 0:
		return false, fmt.Errorf("debugfs cannot read the directory: %s", safetext.Printable(strings.Join(odd, "; ")))
	}
	return more, nil
}

func debugfsParse(m []string) debugfsEntry {
	mode, _ := strconv.ParseUint(m[2], 8, 32)
	size, _ := strconv.ParseInt(m[3], 10, 64)
	when, _ := time.Parse("_2-Jan-2006 15:04", m[4])
	if when.Unix() == 0 {
		when = time.Time{}
	}
	kind := report.FileOther
	switch mode >> 12 {
	case 0o4:
		kind = report.FileDirectory
	case 0o10:
		kind = report.FileRegular
	case 0o12:
		kind = report.FileSymlink
	}
	if kind != report.FileRegular {
		size = -1
	}
	return debugfsEntry{m[1], report.NewFileEntry(unescape(m[5]), kind, geometry.Bytes(size), when)}
}

var escaped = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// unescape replaces each \xNN by the byte that it stands for.
func unescape(name string) string {
	return escaped.ReplaceAllStringFunc(name, func(s string) string {
		n, _ := strconv.ParseUint(s[2:], 16, 8)
		return string([]byte{byte(n)})
	})
}
