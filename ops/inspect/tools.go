package inspect

import (
	"context"
	"fmt"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/fsys"
	"shunt/ops/report"
)

// Asked reports whether there is a tool that describes this kind.
func Asked(kind model.FSKind) bool { return len(fsys.Of(kind).Ask) > 0 }

// Command returns the command line of the first of these tools, for people.
func Command(kind model.FSKind, shown string) string {
	for _, q := range fsys.Of(kind).Ask {
		return safetext.Command(q.Of(shown)...)
	}
	return ""
}

// mostOutput bounds how much of what a tool prints is kept.
const mostOutput = 64 << 10

// Tools runs the file system's own tools on the file at path, which holds the file system and nothing else. A tool that is
// missing or fails has the reason in its place.
func Tools(ctx context.Context, kind model.FSKind, path, shown string) []report.Said {
	var list []report.Said
	for _, q := range fsys.Of(kind).Ask {
		list = append(list, said(ctx, q, path, shown))
	}
	return list
}

func said(ctx context.Context, q fsys.Inquiry, path, shown string) report.Said {
	argv := q.Of(path)
	said := report.Said{Command: safetext.Command(q.Of(shown)...)}
	result, err := fsys.Query(ctx, q.Package, nil, argv, nil)
	text := strings.ReplaceAll(result.Output, path, shown)
	cut := len(text) > mostOutput
	if cut {
		text = text[:mostOutput]
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	said.Output = safetext.Lines(text)
	switch {
	case err != nil:
		said.Err = safetext.Printable(err.Error())
	case result.Exit != 0:
		said.Err = fmt.Sprintf("%s ended with exit code %d", argv[0], result.Exit)
	case cut:
		said.Err = "the rest of its output is left out"
	}
	return said
}
