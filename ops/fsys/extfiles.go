package fsys

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/diskfs/go-diskfs/filesystem/ext4"

	"shunt/model/safetext"
	"shunt/model/scan/extfs"
	"shunt/ops/report"
)

// libraryReadsExt returns an error if go-diskfs must not read this file system. The library only knows ext4 with metadata
// checksums, extents, typed entries and inodes of at least 160 bytes, and does not notice if something differs.
func libraryReadsExt(src Files) error {
	sb, err := readExt(src.Base, src.Off)
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

// debugfsLine matches a line of `ls -l`: inode, mode, type, user, group, size, date, name. Names show a backslash, and
// each byte that is not printable ASCII, as \xNN.
var debugfsLine = regexp.MustCompile(`^\s*(\d+)\s+([0-7]+)\s+\(\d+\)\s+\d+\s+\d+\s+(\d+)\s+` +
	`(\d{1,2}-[A-Z][a-z]{2}-\d{4} \d\d:\d\d) (.*)$`)

// listDebugfs follows the path by inode numbers, because names would have to be quoted for debugfs. Catastrophic mode
// (-c) skips the bitmaps, which are not needed.
func listDebugfs(ctx context.Context, l lister, window string, dir []string) ([]report.FileEntry, bool, error) {
	inode, last := "2", "" // of the directory and of the last entry
	var odd []string
	argv := func() []string { return []string{"debugfs", "-c", "-R", "ls -l <" + inode + ">", window} }
	parse := func(line string) (e report.FileEntry, ok bool) {
		m, e, ok := parseDebugfs(line)
		if !ok {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "debugfs ") && len(odd) < 3 {
				odd = append(odd, safetext.Printable(strings.TrimPrefix(line, "-l: ")))
			}
			return e, false
		}
		last = m[1]
		return e, true
	}
	for _, name := range dir {
		if err := l.find(ctx, name, parse, argv()...); err != nil {
			return nil, false, err
		}
		inode = last
	}
	last, odd = "", nil
	entries, more, err := l.list(ctx, parse, argv()...)
	if err == nil && last == "" && len(odd) > 0 {
		err = fmt.Errorf("debugfs cannot read the directory: %s", strings.Join(odd, "; "))
	}
	return entries, more, err
}

// parseDebugfs also returns the fields of the line as debugfsLine has them.
func parseDebugfs(line string) (m []string, e report.FileEntry, ok bool) {
	if m = debugfsLine.FindStringSubmatch(line); m == nil {
		return nil, e, false
	}
	mode, _ := strconv.ParseUint(m[2], 8, 32)
	return m, newEntry(unescape(m[5]), fileKind(uint32(mode)), m[3], "_2-Jan-2006 15:04", m[4]), true
}

var escaped = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// unescape replaces each \xNN by the byte that it stands for.
func unescape(name string) string {
	return escaped.ReplaceAllStringFunc(name, func(s string) string {
		n, _ := strconv.ParseUint(s[2:], 16, 8)
		return string([]byte{byte(n)})
	})
}
