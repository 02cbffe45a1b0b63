package image

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"shunt/model/safetext"
	"shunt/ops/report"
	"shunt/ops/session"
	"shunt/ops/target"
)

// Check checks an image as session.Examine does. Of a format that only QEMU reads, qemu-img checks the format, and nothing
// checks the disk inside.
func Check(ctx context.Context, path string, o session.Options, tell func(what string)) (report.ImageCheck, *report.Unfinished, error) {
	found, left, err := session.Examine(ctx, path, o, tell)
	foreign := foreignFormat(err)
	if _, below := errors.AsType[*target.ForeignBacking](err); foreign == "" || below {
		return found, left, err
	}
	found = report.ImageCheck{Path: safetext.Printable(path), Format: foreign}
	inside := report.Check{
		Part: "disk", Verdict: report.Unchecked,
		Why: fmt.Sprintf("what is inside a %s file is not read in place: make a raw or qcow2 image with `shunt image convert` and check that", foreign),
	}
	found.Checks = []report.Check{checkForeign(ctx, path, foreign), inside.Judged()}
	found.Clean = found.Count(report.Faulty) == 0
	return found, nil, ctx.Err()
}

// checkForeign has qemu-img check the format of a file, without writing.
func checkForeign(ctx context.Context, path, format string) report.Check {
	// qemu-img(1), check: 1 it did not come to its end, 2 corruption, 3 leaks alone, 63 it cannot check this format.
	const unsupported = 63
	c := report.Check{Part: "format", Contents: format, By: qemuImg}
	at, err := plainly(path)
	if err != nil {
		c.Verdict, c.Why = report.Unchecked, safetext.Printable(err.Error())
		return c.Judged()
	}
	result, err := runQEMU(ctx, reach{read: []string{filepath.Dir(at), at}}, nil, "check", "-U", "-f", format, at)
	switch {
	case err != nil:
		c.Verdict, c.Why = report.Unchecked, safetext.Printable(err.Error())
	case result.Exit == unsupported:
		c.Verdict, c.Why = report.Unchecked, "qemu-img does not check this format"
	case result.Exit != 0:
		c.Faults, c.Output = append(c.Faults, fmt.Sprintf("qemu-img check ended with exit code %d", result.Exit)), safetext.Lines(result.Output)
	}
	return c.Judged()
}
