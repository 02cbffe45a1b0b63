package cli

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	"shunt/model/safetext"
	"shunt/ops/extract"
	"shunt/ops/report"
	"shunt/tui"
)

// CopyOut copies a file or directory out of a file system, for the editor.
func (t editTarget) CopyOut(ctx context.Context, c tui.CopyOut) (out report.CopiedOut, err error) {
	dest, into := c.Dest, false
	if path.Base(c.Path) == path.Base(c.Dest) && !strings.HasSuffix(c.Dest, "/") {
		dest, err = filepath.Abs(dest) // the path has the name already
	} else {
		dest, into, err = destination(c.Path, dest)
	}
	if err != nil {
		return out, err
	}
	out.To = dest
	const most = 100 // more lines are never shown
	left := func(path, why string) {
		if len(out.Left) == most {
			out.More++
			return
		}
		path = strings.TrimPrefix(path, filepath.Dir(dest)+"/")
		out.Left = append(out.Left, safetext.Printable(path+": "+why))
	}
	o := extract.Options{Force: c.Over, Into: into, Problem: left, Note: left, Progress: c.Tell}
	done, notes, err := copyTree(ctx, t.Viewer, c.Part, c.Path, dest, o)
	out.Copied, out.Left = done, append(append(notes, done.Lacks()...), out.Left...)
	return out, err
}
