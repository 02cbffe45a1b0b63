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

// Command returns the command line of the tool that describes this kind of file system, for people, or "". shown is the
// path that it names.
func Command(kind model.FSKind, shown string) string {
	return safetext.Command(fsys.Of(kind).Ask.Of(shown)...)
}

// mostOutput limits how many bytes of a tool's output are kept.
const mostOutput = 64 << 10

// Ask runs the tool that describes this kind of file system on the file at path, which holds nothing else. If the tool is
// missing or fails, the answer holds the reason.
func Ask(ctx context.Context, kind model.FSKind, path, shown string) report.Said {
	return said(ctx, fsys.Of(kind).Ask, path, shown)
}

func said(ctx context.Context, q fsys.Inquiry, path, shown string) report.Said {
	argv := q.Of(path)
	said := report.Said{Command: safetext.Command(q.Of(shown)...)}
	result, err := fsys.Query(ctx, q.Package, nil, argv, nil)
	text := strings.ReplaceAll(result.Output, path, shown)
	if q.Noise != "" {
		text = strings.ReplaceAll(text, q.Noise+"\n", "")
	}
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
