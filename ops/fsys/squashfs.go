package fsys

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
)

func squashDriver() Driver {
	d := mountable(model.SquashFS, "squashfs is read-only and has a fixed size", mountedAs("squashfs", ""))
	d.Ask = ask("squashfs-tools", "unsquashfs", "-s", "{}")
	d.ways = []Way{{Name: "unsquashfs", Read: readUnsquashfs}}
	return d
}

// unsquashfsLine is a line of `unsquashfs -lln`: mode, owner, size or device numbers, date, path from a root that is given an
// empty name.
var unsquashfsLine = regexp.MustCompile(`^([-dlbcps])\S{9} \d+/\d+ +(\d+|\d+, *\d+) (\d{4}-\d\d-\d\d \d\d:\d\d) (/.*)$`)

// readUnsquashfs lists a directory of squashfs. It misses names with a line break, which unsquashfs does not escape.
func readUnsquashfs(ctx context.Context, src Files, dir []string) (entries []report.FileEntry, more bool, err error) {
	window, err := src.Window()
	if err != nil {
		return nil, false, err
	}
	prefix := "/"
	for _, name := range dir {
		prefix += name + "/"
	}
	argv := []string{"unsquashfs", "-no-wildcards", "-max-depth", strconv.Itoa(len(dir) + 1), "-lln", "-d", "", window}
	if len(dir) > 0 {
		argv = append(argv, strings.Join(dir, "/"))
	}
	there := false
	exit, last, more, err := runLines(ctx, "squashfs-tools", nil, argv, func(line string) bool {
		m := unsquashfsLine.FindStringSubmatch(line)
		if m == nil {
			return true
		}
		if m[4]+"/" == prefix || prefix == "/" {
			there = m[1] == "d" || there
		}
		name, ok := strings.CutPrefix(m[4], prefix)
		if !ok || name == "" {
			return true
		}
		entries = append(entries, unsquashfsParse(m, name))
		return len(entries) <= MostEntries
	})
	switch {
	case err != nil:
		return nil, false, err
	case exit != 0 && len(entries) == 0 && !there:
		return nil, false, fmt.Errorf("unsquashfs ended with exit code %d: %s", exit, last)
	case !there:
		return nil, false, ErrNoDirectory
	}
	return entries[:min(len(entries), MostEntries)], more, nil
}

func unsquashfsParse(m []string, name string) report.FileEntry {
	size, err := strconv.ParseInt(m[2], 10, 64)
	when, _ := time.Parse("2006-01-02 15:04", m[3])
	kind, target := report.FileOther, ""
	switch m[1] {
	case "-":
		kind = report.FileRegular
	case "d":
		kind = report.FileDirectory
	case "l":
		kind = report.FileSymlink
		name, target, _ = strings.Cut(name, " -> ")
	}
	if err != nil || kind != report.FileRegular {
		size = -1
	}
	e := report.NewFileEntry(name, kind, geometry.Bytes(size), when)
	e.Target = safetext.Printable(target)
	return e
}
