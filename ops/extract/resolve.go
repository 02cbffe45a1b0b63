package extract

import (
	"context"
	"fmt"
	"path"
	"strings"

	"shunt/model/safetext"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

// mostLinks limits how many links a path may lead through, as on Linux.
const mostLinks = 40

// resolve finds what lies at a path. Links are followed as if the file system were mounted at /: none leads out of it.
// The last name may be a link, which is followed only with last. The error is a *fsys.PathError.
func resolve(ctx context.Context, c fsys.Contents, at string, last bool) (fsys.Node, error) {
	root, err := c.Root(ctx)
	if err != nil {
		return root, fmt.Errorf("read the root directory: %w", err)
	}
	type step struct {
		fsys.Node
		path string
	}
	above := []step{{root, "/"}}
	names, links := strings.Split(at, "/"), 0
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		here := above[len(above)-1]
		fail := func(err error) (fsys.Node, error) {
			return fsys.Node{}, &fsys.PathError{Path: safetext.Printable(here.path), Err: err}
		}
		switch {
		case here.Kind != report.FileDirectory:
			return fail(fsys.ErrNotDirectory)
		case name == "" || name == ".":
			continue
		case name == "..":
			above = above[:max(1, len(above)-1)]
			continue
		}
		n, err := c.Find(ctx, here.Node, name)
		here.path = path.Join(here.path, name)
		if err != nil {
			return fail(err)
		}
		if n.Kind == report.FileSymlink && n.Target != "" && (last || len(names) > 0) {
			if links++; links > mostLinks {
				return fail(fmt.Errorf("it leads through more than %d links", mostLinks))
			}
			if strings.HasPrefix(n.Target, "/") {
				above = above[:1]
			}
			names = append(strings.Split(n.Target, "/"), names...)
			continue
		}
		above = append(above, step{n, here.path})
	}
	return above[len(above)-1].Node, nil
}
