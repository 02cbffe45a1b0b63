package fsys

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/report"
	runner "shunt/ops/tool"
)

// squashFiles reads the files of squashfs with unsquashfs. It leaves out names with a line break, which unsquashfs does not
// escape, and says so. Times are those of the minute.
type squashFiles struct{ window string }

// squashAt is where a file lies: the names that lead there.
type squashAt []string

var errLineBreak = errors.New("unsquashfs does not show names and links with line breaks whole")

func openSquash(_ context.Context, src Files) (Contents, error) {
	if _, err := runner.Find("unsquashfs"); err != nil {
		return nil, ops.NotInstalled("unsquashfs", "squashfs-tools").Err()
	}
	window, err := src.Window()
	return &squashFiles{window}, err
}

func (c *squashFiles) Close() error { return nil }

func (c *squashFiles) Root(context.Context) (Node, error) {
	n := plainNode("", rootID, report.FileDirectory, false, squashAt(nil))
	n.Mode, n.Owned = unix.S_IFDIR|0o755, true
	return n, nil
}

func (c *squashFiles) Entries(ctx context.Context, dir Node, each func(Node) error) error {
	at, ok := dir.at.(squashAt)
	if !ok || dir.Kind != report.FileDirectory {
		return ErrNotDirectory
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	var last *Node // its name may go on in the next line
	broken := false
	pass := func() {
		if failed == nil && last != nil {
			failed = each(*last)
		}
		last = nil
	}
	argv, prefix := unsquashfsList(c.window, at)
	result, err := runner.Run(ctx, runner.Cmd{Argv: argv, Env: []string{"TZ=UTC"}, OnOutput: func(line string) {
		if !unsquashfsStart.MatchString(line) {
			last, broken = nil, true
			return
		}
		if pass(); failed != nil {
			stop()
			return
		}
		if m := unsquashfsLine.FindStringSubmatch(line); m != nil {
			if name, ok := strings.CutPrefix(m[7], prefix); ok && name != "" {
				last = new(squashNode(at, m, name))
			}
		}
	}})
	pass()
	switch {
	case failed != nil:
		return failed
	case err == nil && result.Exit != 0:
		err = &ToolError{Argv: argv, Exit: result.Exit, Output: safetext.Lines(result.Output)}
	case err == nil && broken:
		err = errLineBreak
	}
	return err
}

// squashNode returns the node for the fields of a line.
func squashNode(parent squashAt, m []string, name string) Node {
	n := Node{Kind: report.FileOther, Mode: unix.S_IFREG, Owned: true, Links: 1}
	switch m[1] {
	case "-":
		n.Kind = report.FileRegular
		n.Size, _ = strconv.ParseInt(m[5], 10, 64)
	case "d":
		n.Kind, n.Mode = report.FileDirectory, unix.S_IFDIR
	case "l":
		n.Kind, n.Mode = report.FileSymlink, unix.S_IFLNK
		name, n.Target, _ = strings.Cut(name, " -> ")
	case "b", "c":
		n.Mode = unix.S_IFBLK
	case "p":
		n.Mode = unix.S_IFIFO
	case "s":
		n.Mode = unix.S_IFSOCK
	}
	e := newEntry(name, n.Kind, "", "2006-01-02 15:04", m[6])
	n.Name, n.Modified = name, e.Modified
	n.Mode |= letteredMode(m[2])
	for to, text := range map[*uint32]string{&n.UID: m[3], &n.GID: m[4]} {
		id, _ := strconv.ParseUint(text, 10, 32)
		*to = uint32(id)
	}
	at := append(parent[:len(parent):len(parent)], name)
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(at, "/"))) // never fails
	n.ID, n.at = h.Sum64()|2, at
	return n
}

// letteredMode returns the permissions that nine letters mean, as in "rwxr-s--x".
func letteredMode(letters string) (mode uint32) {
	for i, c := range []byte(letters) {
		bit := uint32(0o400) >> i
		special := uint32(0o4000) >> (i / 3)
		switch c {
		case '-':
		case 'S', 'T':
			mode |= special
		case 's', 't':
			mode |= special | bit
		default:
			mode |= bit
		}
	}
	return mode
}

func (c *squashFiles) Find(ctx context.Context, dir Node, name string) (n Node, err error) {
	err = c.Entries(ctx, dir, func(found Node) error {
		if found.Name != name {
			return nil
		}
		n = found
		return errFound
	})
	switch {
	case errors.Is(err, errFound):
		return n, nil
	case err == nil:
		err = ErrNoFile
	}
	return Node{}, err
}

func (c *squashFiles) Open(ctx context.Context, file Node) (Content, error) {
	at, ok := file.at.(squashAt)
	if !ok || file.Kind != report.FileRegular {
		return nil, ErrNotFile
	}
	// Its queues would take more memory than it may have here.
	return newToolContent(ctx, file.Size, nil, "unsquashfs", "-da", "16", "-fr", "16", "-p", "1", "-no-progress",
		"-no-wildcards", "-cat", c.window, strings.Join(at, "/")), nil
}
