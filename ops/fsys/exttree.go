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
var debugfsAsked = regexp.MustCompile(`^debugfs: ls -l -r <(\d+)>$`)

// walkExt lists all files and where their content lies.
func (j job) walkExt(ctx context.Context) (tree, error) {
	t, err := j.listExt(ctx)
	if err == nil {
		err = j.placesExt(ctx, t)
	}
	return t, err
}

// askDebugfs has debugfs answer requests, one a line. It does not need the bitmaps (-c) nor right checksums (-n), so it shows
// all that somebody could still read.
func (j job) askDebugfs(ctx context.Context, requests string, onLine func(string)) (runner.Result, error) {
	return runner.Run(ctx, runner.Cmd{
		Argv: []string{"debugfs", "-n", "-c", "-f", "-", j.path}, Input: requests,
		Env: []string{"DEBUGFS_PAGER=__none__", "TZ=UTC"}, OnOutput: onLine,
	})
}

// listExt lists all files with debugfs, which runs once for each level of the tree.
func (j job) listExt(ctx context.Context) (tree, error) {
	const root = "2"
	t := tree{}
	seen := map[string]bool{root: true}
	level := map[string]string{root: "/"} // directories by their inode
	for len(level) > 0 {
		var input strings.Builder
		for inode := range level {
			fmt.Fprintf(&input, "ls -l -r <%s>\n", inode) // -r: names that are encrypted too
		}
		below, at := map[string]string{}, ""
		var full error
		result, err := j.askDebugfs(ctx, input.String(), func(line string) {
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

var (
	// debugfsStat is how debugfs repeats the request for an inode.
	debugfsStat = regexp.MustCompile(`^debugfs: stat <(\d+)>$`)
	// debugfsLeads are blocks that lead to others, in a list of the blocks of an inode.
	debugfsLeads = regexp.MustCompile(`\((IND|DIND|TIND|ETB\d+)\):\d+(, )?`)
)

// placesExt enters where the content of each file lies. The target of a short link lies in its inode.
func (j job) placesExt(ctx context.Context, t tree) error {
	var input strings.Builder
	places := map[int64]*placeHash{}
	for _, n := range t {
		if _, ok := places[n.id]; !ok && n.kind != report.FileDirectory {
			places[n.id] = new(placeHash)
			fmt.Fprintf(&input, "stat <%d>\n", n.id)
		}
	}
	if input.Len() == 0 {
		return nil
	}
	at, listed := new(placeHash), false
	_, err := j.askDebugfs(ctx, input.String(), func(line string) {
		if m := debugfsStat.FindStringSubmatch(line); m != nil {
			id, _ := strconv.ParseInt(m[1], 10, 64)
			at, listed = places[id], false
			return
		}
		switch {
		case line == "EXTENTS:", line == "BLOCKS:":
			listed = true
			at.add(" ") // an empty list is a list
		case strings.HasPrefix(line, "TOTAL:"):
			listed = false
		case listed, strings.HasPrefix(line, "Fast link dest:"):
			at.add(debugfsLeads.ReplaceAllString(line, ""))
		}
	})
	for path, n := range t {
		if h := places[n.id]; h != nil {
			n.blocks = h.sum
			t[path] = n
		}
	}
	return err
}
