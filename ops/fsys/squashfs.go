package fsys

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
)

func squashDriver() Driver {
	d := mountable(model.SquashFS, "squashfs is read-only and has a fixed size", mountedAs("squashfs", ""))
	d.check = cannot("there is no tool that checks squashfs")
	d.Ask = ask("squashfs-tools", "unsquashfs", "-s", "{}")
	d.contents = openSquash
	d.ways = []Way{lister{"unsquashfs", "squashfs-tools", nil, listUnsquashfs}.way()}
	d.Serves = Serving{Package: "squashfuse", Argv: []string{"squashfuse", "-f", "{}", "{at}"}}
	return d
}

// unsquashfsLine matches a line of `unsquashfs -lln`: kind and mode, user and group, size or device numbers, date, path.
// The path begins at a root with an empty name.
var unsquashfsLine = regexp.MustCompile(`^([-dlbcps])(\S{9}) (\d+)/(\d+) +(\d+|\d+, *\d+) (\d{4}-\d\d-\d\d \d\d:\d\d) (/.*)$`)

// unsquashfsStart matches the beginning of all its lines that do not go on with the name before.
var unsquashfsStart = regexp.MustCompile(`^[-dlbcps]\S{9} \d+/\d+ `)

// listUnsquashfs lists a directory of squashfs. It misses names with a line break, which unsquashfs does not escape.
func listUnsquashfs(ctx context.Context, l lister, window string, dir []string) ([]report.FileEntry, bool, error) {
	argv, prefix := unsquashfsList(window, dir)
	there := false
	entries, more, err := l.list(ctx, func(line string) (e report.FileEntry, ok bool) {
		m := unsquashfsLine.FindStringSubmatch(line)
		if m == nil {
			return e, false
		}
		if m[7]+"/" == prefix || prefix == "/" {
			there = m[1] == "d" || there
		}
		name, ok := strings.CutPrefix(m[7], prefix)
		if !ok || name == "" {
			return e, false
		}
		return unsquashfsEntry(m, name), true
	}, argv...)
	if failed := (*ToolError)(nil); errors.As(err, &failed) && (len(entries) > 0 || there) {
		err = nil // it could not read all
	}
	if err == nil && !there {
		err = ErrNoDirectory
	}
	return entries, more, err
}

// unsquashfsList returns the command line that lists a directory, and what the paths in its output begin with.
func unsquashfsList(window string, dir []string) (argv []string, prefix string) {
	argv = []string{"unsquashfs", "-no-wildcards", "-max-depth", strconv.Itoa(len(dir) + 1), "-lln", "-d", "", window}
	if len(dir) == 0 {
		return argv, "/"
	}
	path := strings.Join(dir, "/")
	return append(argv, path), "/" + path + "/"
}

func unsquashfsEntry(m []string, name string) report.FileEntry {
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
	e := newEntry(name, kind, m[5], "2006-01-02 15:04", m[6])
	e.Target = safetext.Printable(target)
	return e
}
