package image

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"shunt/ops/tool"
)

// qemuImg is QEMU's program for images, which knows the formats that shunt does not.
const qemuImg = "qemu-img"

// A reach is what a call of qemu-img may touch.
type reach struct {
	read []string // files and directories
	temp string   // the directory in which it may write, "" for none
}

// callQEMU runs qemu-img and returns what it prints. It fails with qemu-img's own words if that does. r and draft are those of
// runQEMU.
func callQEMU(ctx context.Context, r reach, draft func(string), args ...string) (string, error) {
	result, err := runQEMU(ctx, r, draft, args...)
	switch {
	case err != nil:
		return "", err
	case result.Exit != 0:
		return "", errors.New(lastWords(result.Output))
	}
	return result.Output, nil
}

// runQEMU runs qemu-img to its end, whatever its exit code. It can reach nothing but reach and the installed programs, as far as
// the kernel can see to that: an image may name any file as a part of itself. draft is called with its progress reports.
func runQEMU(ctx context.Context, r reach, draft func(string), args ...string) (tool.Result, error) {
	box, err := tool.NewSandbox(tool.SandboxConfig{Readable: r.read, TempDir: r.temp})
	if err != nil {
		return tool.Result{}, err
	}
	ctx = tool.WithSandbox(ctx, func() *tool.Sandbox { return box })
	result, err := tool.Run(ctx, tool.Cmd{Argv: append([]string{qemuImg}, args...), Needs: tool.Search, OnDraft: draft})
	err = errors.Join(err, box.Close())
	if errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("this format needs %s: install it with `apt install qemu-utils` (%w)", qemuImg, err)
	}
	return result, err
}

// lastWords returns what qemu-img says about its failure.
func lastWords(output string) string {
	text := "it gave no reason"
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, qemuImg+": ") {
			text = line
		}
	}
	return text
}

// plainly returns a path that qemu-img cannot take for an option, a protocol or JSON: all of these begin otherwise. Links stay,
// since a relative backing file is looked for beside the name that was given.
func plainly(path string) (string, error) { return filepath.Abs(path) }

// percent returns the number in a progress report, "    (12.34/100%)".
func percent(line string) (float64, bool) {
	text, _, found := strings.Cut(strings.TrimLeft(line, " \t("), "/100%)")
	n, err := strconv.ParseFloat(text, 64)
	return n, found && err == nil && 0 <= n && n <= 100
}
