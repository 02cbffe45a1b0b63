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

// ntfslsLine is a line of `ntfsls -l -F`: size, date, name, and "/" behind a directory's name.
var ntfslsLine = regexp.MustCompile(`^ *(\d+) ([A-Z][a-z]{2} [ \d]\d \d\d:\d\d \d{4}) (.*)$`)

// readNtfsls lists a directory of NTFS. ntfsls does not tell why it lists nothing and takes a file for a directory with one
// entry, so every directory on the way is looked up in the one above it.
func readNtfsls(ctx context.Context, src Files, dir []string) ([]ops.FileEntry, bool, error) {
	window, err := src.Window()
	if err != nil {
		return nil, false, err
	}
	for i, name := range dir {
		seen, found, directory := 0, false, false
		_, err := ntfsls(ctx, window, dir[:i], func(e ops.FileEntry) bool {
			if seen++; e.Exact() == name {
				found, directory = true, e.Kind == ops.FileDirectory
			}
			return !found && seen < everything
		})
		switch {
		case err != nil:
			return nil, false, err
		case !found && seen == everything:
			return nil, false, fmt.Errorf("%s: the directory it lies in is too large", ops.Printable(name))
		case !directory:
			return nil, false, ErrNoDirectory
		}
	}
	var entries []ops.FileEntry
	more, err := ntfsls(ctx, window, dir, func(e ops.FileEntry) bool {
		entries = append(entries, e)
		return len(entries) <= MostEntries
	})
	return entries[:min(len(entries), MostEntries)], more, err
}

// ntfsls is one run of the tool, which hands every entry to each until that returns false; more says that it did. --force
// reads volumes that are marked dirty; nothing is written in any case.
func ntfsls(ctx context.Context, window string, dir []string, each func(ops.FileEntry) bool) (more bool, err error) {
	argv := []string{"ntfsls", "--force", "--long", "--all", "--classify", "--path", "/" + strings.Join(dir, "/"), window}
	exit, last, more, err := runLines(ctx, "ntfs-3g", []string{"LC_ALL=C.UTF-8"}, argv, func(line string) bool {
		if m := ntfslsLine.FindStringSubmatch(line); m != nil {
			return each(ntfslsParse(m))
		}
		return true
	})
	switch {
	case err != nil:
		return false, err
	case exit != 0:
		return false, fmt.Errorf("ntfsls ended with exit code %d: %s", exit, last)
	}
	return more, nil
}

func ntfslsParse(m []string) ops.FileEntry {
	size, _ := strconv.ParseInt(m[1], 10, 64)
	when, _ := time.Parse("Jan _2 15:04 2006", m[2])
	if name, ok := strings.CutSuffix(m[3], "/"); ok {
		return ops.NewFileEntry(name, ops.FileDirectory, -1, when)
	}
	return ops.NewFileEntry(m[3], ops.FileRegular, geometry.Bytes(size), when)
}
