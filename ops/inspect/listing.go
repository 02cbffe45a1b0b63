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

// List lists the directory at the exact path dir. "" and "/" are the root. If another file is there, the listing has it as
// its only entry. If there is none, the error wraps fsys.ErrNoDirectory and says how far the path leads. Other errors say
// what people can do, if anything.
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
		if err != nil && len(names) > 0 { // some readers do not say that it is no directory
			file, why := find(ctx, src, w, names, strings.HasSuffix(dir, "/"))
			if why == nil {
				entries, list.File, err = []report.FileEntry{file}, true, nil
			} else if errors.Is(why, fsys.ErrNoDirectory) || errors.Is(err, fsys.ErrNoDirectory) {
				err = why // a directory on the way that cannot be read is not a path that leads nowhere
			}
		} else if errors.Is(err, fsys.ErrNoDirectory) {
			err = errNoRoot
		}
		if err == nil || errors.Is(err, fsys.ErrNoDirectory) {
			list.By, list.Entries, list.More = w.Name, sorted(entries), more
			return list, err
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return list, failed[len(failed)-1] // the readers before it were only shorter ways
}

// errNoRoot is for readers that find no directory at the root, which every file system has.
var errNoRoot = errors.New("its root directory cannot be read: the file system is damaged")

// find returns the file at a path that no directory is at. wantDir says that only a directory will do. The error is an
// fsys.ErrNoDirectory only if there is neither a file nor a directory.
func find(ctx context.Context, src fsys.Files, w fsys.Way, names []string, wantDir bool) (report.FileEntry, error) {
	none := func(n int, what string) (report.FileEntry, error) {
		return report.FileEntry{}, fsys.NoDirectoryError(safetext.Printable("/"+strings.Join(names[:n], "/")) + ": " + what)
	}
	for i, name := range names {
		entries, more, err := w.Read(ctx, src, names[:i])
		if err != nil {
			return report.FileEntry{}, err
		}
		at := slices.IndexFunc(entries, func(e report.FileEntry) bool { return e.Exact() == name })
		switch last := i == len(names)-1; {
		case at < 0 && more:
			return none(i+1, fmt.Sprintf("it is not among the %d entries that were read of its directory", len(entries)))
		case at < 0:
			return none(i+1, "there is no file or directory of this name")
		case entries[at].Kind == report.FileDirectory && last:
			return report.FileEntry{}, errors.New("it is a directory that cannot be read")
		case entries[at].Kind == report.FileDirectory:
		case entries[at].Kind == report.FileSymlink && (!last || wantDir):
			return none(i+1, "it is a link, and links are not followed")
		case !last || wantDir:
			return none(i+1, "it is not a directory")
		default:
			return entries[at], nil
		}
	}
	return report.FileEntry{}, errors.New("it is the root")
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
