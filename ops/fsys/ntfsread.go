package fsys

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/report"
	runner "shunt/ops/tool"
)

// ntfsFiles reads the files of NTFS with the tools of ntfs-3g: ntfsls for names, ntfsinfo for facts, ntfscat for contents.
type ntfsFiles struct{ window string }

// ntfsAt is where a file of NTFS is found: the names that lead there, and its number.
type ntfsAt struct {
	path   string
	number string
	known  bool // the facts are those of ntfsinfo
	no     error
}

const ntfsRoot = "5" // the number of the root directory

// ntfsEnv makes the tools write names in UTF-8.
var ntfsEnv = []string{"LC_ALL=C.UTF-8"}

func openNTFS(_ context.Context, src Files) (Contents, error) {
	for _, name := range []string{"ntfsls", "ntfscat", "ntfsinfo"} {
		if _, err := runner.Find(name); err != nil {
			return nil, ops.NotInstalled(name, "ntfs-3g").Err()
		}
	}
	window, err := src.Window()
	return &ntfsFiles{window}, err
}

func (c *ntfsFiles) Close() error { return nil }

func (c *ntfsFiles) Root(context.Context) (Node, error) {
	return plainNode("", 5, report.FileDirectory, false, ntfsAt{number: ntfsRoot}), nil
}

// ntfslsNumbered matches a line of `ntfsls -i -l -F`.
var ntfslsNumbered = regexp.MustCompile(`^ *(\d+) ( *\d+ [A-Z][a-z]{2} [ \d]\d \d\d:\d\d \d{4} .*)$`)

func (c *ntfsFiles) Entries(ctx context.Context, dir Node, each func(Node) error) error {
	at, ok := dir.at.(ntfsAt)
	if !ok || dir.Kind != report.FileDirectory {
		return ErrNotDirectory
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	argv := []string{"ntfsls", "--force", "--long", "--all", "--classify", "--inode", "--path", "/" + at.path, c.window}
	env := append([]string{"TZ=UTC"}, ntfsEnv...)
	result, err := runner.Run(ctx, runner.Cmd{Argv: argv, Env: env, OnOutput: func(line string) {
		m := ntfslsNumbered.FindStringSubmatch(line)
		if failed != nil || m == nil {
			return
		}
		e, ok := parseNtfsls(m[2])
		if name := e.Exact(); ok && name != "." && name != ".." {
			if failed = each(ntfsNode(at.path, m[1], e)); failed != nil {
				stop()
			}
		}
	}})
	switch {
	case failed != nil:
		return failed
	case err == nil && result.Exit != 0:
		err = &ToolError{Argv: argv, Exit: result.Exit, Output: safetext.Lines(result.Output)}
	}
	return err
}

func ntfsNode(parent, number string, e report.FileEntry) Node {
	id, _ := strconv.ParseUint(number, 10, 64)
	at := ntfsAt{path: strings.TrimPrefix(parent+"/"+e.Exact(), "/"), number: number}
	n := plainNode(e.Exact(), id, e.Kind, false, at)
	n.Size, n.Modified = max(0, int64(e.Size)), e.Modified
	return n
}

func (c *ntfsFiles) Find(ctx context.Context, dir Node, name string) (Node, error) {
	return findFolded(name, func(each func(n Node, short string) error) error {
		return c.Entries(ctx, dir, func(n Node) error { return each(n, "") })
	})
}

var (
	ntfsTime  = regexp.MustCompile(`(?m)^\tFile Altered Time:\t (.*)$`)
	ntfsAttrs = regexp.MustCompile(`(?m)^\tFile attributes:\t .*\(0x([0-9a-f]+)\)$`)
)

// Full completes the facts: ntfsls rounds times to minutes and does not show what is special about a file.
func (c *ntfsFiles) Full(ctx context.Context, n Node) (Node, error) {
	at, ok := n.at.(ntfsAt)
	if !ok || at.known || at.number == ntfsRoot {
		return n, nil
	}
	argv := []string{"ntfsinfo", "--force", "--inode", at.number, c.window}
	result, err := Query(ctx, "ntfs-3g", ntfsEnv, argv, nil)
	if err != nil {
		return n, err
	}
	when, attrs := ntfsTime.FindStringSubmatch(result.Output), ntfsAttrs.FindStringSubmatch(result.Output)
	if result.Exit != 0 || when == nil || attrs == nil {
		return n, &ToolError{Argv: argv, Exit: result.Exit, Output: safetext.Lines(result.Output)}
	}
	if t, err := time.Parse("Mon Jan _2 15:04:05 2006 MST", when[1]); err == nil {
		n.Modified = t.UTC()
	}
	const readOnly, reparse, encrypted = 0x1, 0x400, 0x4000
	bits, _ := strconv.ParseUint(attrs[1], 16, 32)
	if bits&readOnly != 0 && n.Kind == report.FileRegular {
		n.Mode &^= 0o222
	}
	switch {
	case bits&reparse != 0:
		at.no = errors.New("it is a reparse point: Windows keeps its content elsewhere, or it is a link")
		if n.Kind == report.FileDirectory {
			n.Kind, n.NoTarget = report.FileSymlink, "it is a reparse point of Windows, such as a junction"
		}
	case bits&encrypted != 0:
		at.no = errors.New("it was encrypted by Windows, and the key is not in the image")
	}
	at.known = true
	n.at = at
	return n, nil
}

func (c *ntfsFiles) Open(ctx context.Context, file Node) (Content, error) {
	file, err := c.Full(ctx, file)
	if err != nil {
		return nil, err
	}
	at, ok := file.at.(ntfsAt)
	switch {
	case !ok || file.Kind != report.FileRegular:
		return nil, ErrNotFile
	case at.no != nil:
		return nil, at.no
	}
	return newToolContent(ctx, file.Size, ntfsEnv, "ntfscat", "--force", "--inode", at.number, c.window), nil
}
