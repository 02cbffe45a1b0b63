package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"shunt/model/safetext"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

// List lists the directory at the exact path dir. "" and "/" are the root. The error says what people can do, if
// anything.
func List(ctx context.Context, src fsys.Files, dir string) (report.Listing, error) {
	names, err := split(dir)
	list := report.Listing{Path: safetext.Printable("/" + strings.Join(names, "/")), Entries: []report.FileEntry{}}
	if err != nil {
		return list, err
	}
	d := fsys.Of(src.Kind)
	ways := d.Ways(src)
	if len(ways) == 0 {
		return list, d.NoFiles.Err()
	}
	if d.Doubt != nil {
		if doubt := d.Doubt(src); !doubt.OK() {
			list.Notes = []string{string(doubt)}
		}
	}
	var failed []error
	for _, w := range ways {
		entries, more, err := w.Read(ctx, src, names)
		if err == nil || errors.Is(err, fsys.ErrNoDirectory) {
			list.By, list.Entries, list.More = w.Name, sorted(entries), more
			if err != nil {
				err = fmt.Errorf("%s: %w", list.Path, err)
			}
			return list, err
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return list, failed[len(failed)-1] // the readers before it were only shorter ways
}

// split returns the names in a path, without "." and "..".
func split(dir string) ([]string, error) {
	const longest = 4096
	switch {
	case len(dir) > longest:
		return nil, fmt.Errorf("the path is longer than %d bytes", longest)
	case strings.Contains(dir, "\x00"):
		return nil, errors.New("the path holds a NUL byte")
	}
	if dir = path.Clean("/" + dir); dir == "/" {
		return nil, nil
	}
	return strings.Split(dir[1:], "/"), nil
}

// sorted returns the entries sorted by name, without "." and "..".
func sorted(entries []report.FileEntry) []report.FileEntry {
	entries = slices.DeleteFunc(entries, func(e report.FileEntry) bool { return e.Name == "." || e.Name == ".." })
	slices.SortStableFunc(entries, func(a, b report.FileEntry) int { return cmp.Compare(a.Exact(), b.Exact()) })
	if entries == nil {
		entries = []report.FileEntry{}
	}
	return entries
}
