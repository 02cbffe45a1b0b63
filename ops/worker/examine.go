package worker

import (
	"context"
	"errors"
	"os"
	"strings"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/tool"
)

// mostExamined limits how many bytes of a checker's output are kept.
const mostExamined = 32 << 10

// examine checks the file system on a copy. The tools are those of a rehearsal, and have its rights.
func (d *display) examine(ctx context.Context) (report.Examined, error) {
	path, err := d.window()
	if err != nil {
		return report.Examined{}, err
	}
	tools := fsys.Tools{
		Run: func(ctx context.Context, argv []string, onLine func(string)) (int, string, error) {
			result, err := tool.Run(ctx, tool.Cmd{Argv: argv, Needs: fsys.Needs(argv), OnOutput: onLine})
			return result.Exit, result.Output, err
		},
		Open: func(path string) (fsys.File, error) { return d.server.Open(path) },
	}
	if d.job.Isolation == partfs.RootNamespace {
		tools.MountPoint = tool.MountPoint
	}
	found := tools.Examine(ctx, d.job.Question.Kind, path)
	// A check that had no room for what it wrote says nothing about the file system.
	if err := errors.Join(ctx.Err(), d.overlay.Err()); err != nil {
		return report.Examined{}, err
	}
	out := report.Examined{Replayed: found.Replayed, Notes: found.Notes}
	if found.Fault != nil {
		out.Fault = safetext.Printable(found.Fault.Error())
		if failed, ok := errors.AsType[*fsys.ToolError](found.Fault); ok {
			text := safetext.Lines(failed.Output)
			if len(text) > mostExamined {
				text = text[:mostExamined]
				text = text[:strings.LastIndexByte(text, '\n')+1]
			}
			out.Output = text
		}
	}
	return out, nil
}

// roomyFile returns a file without a name that can take what the replay of a large journal writes.
func roomyFile() (*os.File, error) {
	var failed error
	for _, dir := range []string{"/var/tmp", os.TempDir()} {
		f, err := os.CreateTemp(dir, ".shunt-check-")
		if err == nil {
			return f, os.Remove(f.Name())
		}
		failed = err
	}
	return nil, tried.Cause(failed)
}
