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

// debugfsAsked is how debugfs repeats the request for the listing of a directory.
var debugfsAsked = regexp.MustCompile(`^debugfs: ls -l <(\d+)>$`)

// walkExt lists all files with debugfs, which runs once for each level of the tree. It does not need the bitmaps (-c) nor
// right checksums (-n), so it shows all that somebody could still read.
func (j job) walkExt(ctx context.Context) (tree, error) {
	const root = "2"
	t := tree{}
	seen := map[string]bool{root: true}
	level := map[string]string{root: "/"} // directories by their inode
	for len(level) > 0 {
		var input strings.Builder
		for inode := range level {
			fmt.Fprintf(&input, "ls -l <%s>\n", inode)
		}
		below, at := map[string]string{}, ""
		var full error
		result, err := runner.Run(ctx, runner.Cmd{
			Argv: []string{"debugfs", "-n", "-c", "-f", "-", j.path}, Input: input.String(),
			Env: []string{"DEBUGFS_PAGER=__none__", "TZ=UTC"},
			OnOutput: func(line string) {
				if m := debugfsAsked.FindStringSubmatch(line); m != nil {
					at = level[m[1]]
					return
				}
				m, e, ok := parseDebugfs(line)
				if !ok || e.Name == "." || e.Name == ".." || full != nil {
					return
				}
				name, inode := path.Join(at, e.Exact()), m[1]
				id, _ := strconv.ParseInt(inode, 10, 64)
				if e.Kind == report.FileOther { // perhaps a file of a damaged mode
					n, _ := strconv.ParseInt(m[3], 10, 64)
					e.Size = geometry.Bytes(n)
				}
				full = t.add(name, node{id: id, kind: e.Kind, size: e.Size})
				if e.Kind == report.FileDirectory && !seen[inode] {
					seen[inode], below[inode] = true, name
				}
			},
		})
		switch {
		case err != nil:
			return nil, err
		case full != nil:
			return nil, full
		case result.Exit != 0 || at == "":
			return nil, &ToolError{Argv: []string{"debugfs"}, Exit: result.Exit, Output: result.Output}
		}
		level = below
	}
	return t, nil
}
