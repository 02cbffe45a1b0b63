package fsys

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/ops/report"
	runner "shunt/ops/tool"
)

// xfsEntry matches a line that xfs_db prints for a name in a directory: place, inode, kind, hash, length, name, verdict.
var xfsEntry = regexp.MustCompile(`^\d+ +(\d+) +(\w+) +0x[0-9a-f]+ +\d+ (.*) \((good|corrupt)\)$`)

// xfsRoot matches what xfs_db prints for the inode of the root directory.
var xfsRoot = regexp.MustCompile(`^rootino = (\d+)$`)

// askXFS has xfs_db carry out requests, one a line. Nothing is written.
func (j job) askXFS(ctx context.Context, requests string, onLine func(string)) error {
	// xfs_db tells on the error output what it cannot read; the rest is what can be read.
	_, err := runner.Run(ctx, runner.Cmd{
		Argv: []string{"xfs_db", "-r", "-f", j.path}, Input: requests + "quit\n", OnOutput: onLine,
	})
	return err
}

// walkXFS lists all files with xfs_db, once for each level of the tree, and where their content lies.
func (j job) walkXFS(ctx context.Context) (tree, error) {
	root := ""
	err := j.askXFS(ctx, "sb 0\nprint rootino\n", func(line string) {
		if m := xfsRoot.FindStringSubmatch(line); m != nil {
			root = m[1]
		}
	})
	if err == nil && root == "" {
		err = fmt.Errorf("xfs_db does not find the root directory")
	}
	t, seen, level := tree{}, map[string]bool{root: true}, map[string]string{root: "/"}
	for err == nil && len(level) > 0 {
		var input strings.Builder
		for inode := range level {
			fmt.Fprintf(&input, "echo D %s\ninode %s\nls\n", inode, inode)
		}
		below, at := map[string]string{}, ""
		var full error
		err = j.askXFS(ctx, input.String(), func(line string) {
			if inode, ok := strings.CutPrefix(line, "D "); ok {
				at = level[strings.TrimSpace(inode)]
				return
			}
			m := xfsEntry.FindStringSubmatch(line)
			if m == nil || m[3] == "." || m[3] == ".." || full != nil {
				return
			}
			id, _ := strconv.ParseInt(m[1], 10, 64)
			name, n := path.Join(at, m[3]), node{id: id, kind: xfsKind(m[2])}
			full = t.add(name, n)
			if n.kind == report.FileDirectory && !seen[m[1]] {
				seen[m[1]], below[m[1]] = true, name
			}
		})
		if err == nil {
			err = full
		}
		level = below
	}
	if err == nil {
		err = j.placesXFS(ctx, t)
	}
	return t, err
}

func xfsKind(word string) report.FileKind {
	switch word {
	case "regular":
		return report.FileRegular
	case "directory":
		return report.FileDirectory
	case "symlink":
		return report.FileSymlink
	}
	return report.FileOther
}

// placesXFS enters the size of each file and where its content lies.
func (j job) placesXFS(ctx context.Context, t tree) error {
	var input strings.Builder
	type file struct {
		size   geometry.Bytes
		places placeHash
	}
	files := map[int64]*file{}
	for _, n := range t {
		if _, ok := files[n.id]; !ok && (n.kind == report.FileRegular || n.kind == report.FileOther) {
			files[n.id] = new(file)
			fmt.Fprintf(&input, "echo F %d\ninode %d\nprint core.size\nbmap\n", n.id, n.id)
		}
	}
	at := new(file)
	err := j.askXFS(ctx, input.String(), func(line string) {
		if inode, ok := strings.CutPrefix(line, "F "); ok {
			id, _ := strconv.ParseInt(strings.TrimSpace(inode), 10, 64)
			if at = files[id]; at == nil {
				at = new(file)
			}
			return
		}
		if size, ok := strings.CutPrefix(line, "core.size = "); ok {
			n, _ := strconv.ParseInt(size, 10, 64)
			at.size = geometry.Bytes(max(0, n))
			at.places.add(" ")
		}
		if strings.HasPrefix(line, "data offset ") {
			at.places.add(line)
		}
	})
	for path, n := range t {
		if f := files[n.id]; f != nil {
			n.size, n.blocks = f.size, f.places.sum
			t[path] = n
		}
	}
	return err
}
