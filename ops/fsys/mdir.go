package fsys

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shunt/geometry"
	"shunt/ops"
)

// mdirLine is a line of mdir: short name, extension, size or <DIR>, date, time, and the long name if there is one.
var mdirLine = regexp.MustCompile(`^(.{8}) (.{3}) +(<DIR>|\d+) +(\d{4}-\d\d-\d\d) +(\d{1,2}:\d\d)(?: ?|  (.*))$`)

// readMdir lists a directory of FAT with mtools, which compares names without regard to case as FAT does.
func readMdir(ctx context.Context, src Files, dir []string) (entries []ops.FileEntry, more bool, err error) {
	window, err := src.Window()
	if err != nil {
		return nil, false, err
	}
	path := "::/" + mtoolsQuoted(strings.Join(dir, "/"))
	if len(dir) > 0 {
		path += "/" // of a file nothing is listed then
	}
	exit, last, more, err := runLines(ctx, "mtools", []string{"MTOOLSRC=/dev/null", "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8"}, []string{"mdir", "-a", "-i", window, path}, func(line string) bool {
		if m := mdirLine.FindStringSubmatch(line); m != nil {
			entries = append(entries, mdirParse(m))
		}
		return len(entries) <= MostEntries
	})
	switch {
	case err != nil:
		return nil, false, err
	case exit != 0 && (strings.Contains(last, "not found") || strings.Contains(last, "Path component")):
		return nil, false, ErrNoDirectory
	case exit != 0:
		return nil, false, fmt.Errorf("mdir ended with exit code %d: %s", exit, last)
	}
	return entries[:min(len(entries), MostEntries)], more, nil
}

func mdirParse(m []string) ops.FileEntry {
	name := strings.TrimRight(m[1], " ")
	if ext := strings.TrimRight(m[2], " "); ext != "" {
		name += "." + ext
	}
	if m[6] != "" {
		name = m[6]
	}
	when, _ := time.Parse("2006-01-02 15:04", m[4]+" "+m[5])
	if m[3] == "<DIR>" {
		return ops.NewFileEntry(name, ops.FileDirectory, -1, when)
	}
	size, _ := strconv.ParseInt(m[3], 10, 64)
	return ops.NewFileEntry(name, ops.FileRegular, geometry.Bytes(size), when)
}

// mtoolsQuoted takes the meaning away from what mtools would take for a pattern.
func mtoolsQuoted(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`).Replace(path)
}
