package inspect

import (
	"context"
	"strings"

	"shunt/ops/fsys"
	"shunt/ops/report"
)

// mostFiles limits how many files a tree holds, and mostDepth how deep it goes.
const (
	mostFiles = 100_000
	mostDepth = 200
)

// Tree lists all files and directories, level by level, with the best way that can read them. It follows no link.
func Tree(ctx context.Context, src fsys.Files) (tree report.Tree, err error) {
	d := fsys.Of(src.Kind)
	ways := d.Ways(src)
	if len(ways) == 0 {
		return tree, d.NoFiles.Err()
	}
	level := [][]string{nil}
	for len(level) > 0 {
		var below [][]string
		for _, dir := range level {
			entries, more, err := ways[0].Read(ctx, src, dir)
			for err != nil && len(ways) > 1 && ctx.Err() == nil {
				ways = ways[1:]
				entries, more, err = ways[0].Read(ctx, src, dir)
			}
			if err != nil {
				return tree, err
			}
			tree.More = tree.More || more
			for _, e := range sorted(entries) {
				if len(tree.Entries) == mostFiles {
					tree.More = true
					return tree, nil
				}
				path := append(dir[:len(dir):len(dir)], e.Exact())
				full := report.NewFileEntry("/"+strings.Join(path, "/"), e.Kind, e.Size, e.Modified)
				full.Target = e.Target
				tree.Entries = append(tree.Entries, full)
				if e.Kind == report.FileDirectory {
					below = append(below, path)
				}
			}
		}
		if level = below; len(level) > 0 && len(level[0]) > mostDepth {
			tree.More = true
			return tree, nil
		}
	}
	return tree, nil
}
