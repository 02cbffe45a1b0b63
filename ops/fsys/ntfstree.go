package fsys

import (
	"context"
	"path"
	"regexp"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/ops/report"
	runner "shunt/ops/tool"
)

// ntfslsNode matches a line of `ntfsls -R -i -l -F`: inode, size, date, name.
var ntfslsNode = regexp.MustCompile(`^ *(\d+) +(\d+) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d \d{4} (.*)$`)

// walkNTFS lists all files with ntfsls. It prints each directory's path and a colon before what is in it.
func (j job) walkNTFS(ctx context.Context) (tree, error) {
	t, at := tree{}, "/"
	var full error
	argv := []string{"ntfsls", "--force", "--recursive", "--inode", "--long", "--all", "--classify", j.path}
	result, err := runner.Run(ctx, runner.Cmd{Argv: argv, Env: []string{"LC_ALL=C.UTF-8", "TZ=UTC"}, OnOutput: func(line string) {
		if dir, ok := strings.CutSuffix(line, ":"); ok && strings.HasPrefix(dir, "/") {
			at = path.Clean(dir)
			return
		}
		m := ntfslsNode.FindStringSubmatch(line)
		if m == nil || m[3] == "./" || m[3] == "../" || full != nil {
			return
		}
		id, _ := strconv.ParseInt(m[1], 10, 64)
		size, _ := strconv.ParseInt(m[2], 10, 64)
		n := node{id: id, kind: report.FileRegular, size: geometry.Bytes(size)}
		name, ok := strings.CutSuffix(m[3], "/")
		if ok {
			n.kind, n.size = report.FileDirectory, 0
		}
		full = t.add(path.Join(at, name), n)
	}})
	switch {
	case err != nil:
		return nil, err
	case full != nil:
		return nil, full
	case result.Exit != 0:
		return nil, &ToolError{Argv: argv, Exit: result.Exit, Output: result.Output}
	}
	return t, nil
}
