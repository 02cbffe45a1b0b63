package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/tool"
)

const (
	checker     = "qemu-img"
	checkerPack = "qemu-utils"
)

var _ target.Checkable = (*file)(nil)

// Exit codes of qemu-img check (qemu-img(1)). All others mean that the check itself failed.
const (
	checkClean     = 0
	checkCorrupt   = 2
	checkLeaks     = 3
	checkUnchecked = 63 // qemu-img does not check this format
)

// Check implements target.Checkable.
func (f *file) Check(ctx context.Context) ([]target.LayerCheck, error) {
	c := target.LayerCheck{Path: f.Given, Format: f.format, By: checker}
	result, err := f.qemuImg(ctx, "check")
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, new(*tool.MissingError)):
		c.Unchecked = model.Because("%s checks this format: install it with `apt install %s`", checker, checkerPack)
	case err != nil:
		c.Unchecked = model.Reason(safetext.Printable(tried.Text(err)))
	case result.Exit == checkClean:
	case result.Exit == checkUnchecked:
		c.Unchecked = model.Because("%s does not check this format", checker)
	default:
		c.Faults = append(c.Faults, found(result))
	}
	return []target.LayerCheck{c}, nil
}

// found says what a check of the format has found.
func found(r tool.Result) string {
	what := "the check could not be completed"
	switch r.Exit {
	case checkCorrupt:
		what = "errors in the tables"
	case checkLeaks:
		what = "places in the file that nothing uses, which only take room"
	}
	return fmt.Sprintf("%s: %s", what, strings.Join(strings.Fields(safetext.Printable(strings.ReplaceAll(r.Output, "\n", " "))), " "))
}

// qemuImg runs qemu-img with a verb and its options on the image. It takes no locks, since this process has them, and it can
// write to the image if the options are those of a repair, and otherwise only read it.
func (f *file) qemuImg(ctx context.Context, verb string, options ...string) (tool.Result, error) {
	confine := tool.SandboxConfig{Readable: []string{f.Real}}
	for _, l := range f.extents {
		confine.Readable = append(confine.Readable, l.Real)
	}
	needs := tool.Search
	if len(options) > 0 {
		confine.Writable, needs = []string{f.Real}, tool.Override
	}
	box, err := tool.NewSandbox(confine)
	if err != nil {
		return tool.Result{}, err
	}
	node := map[string]any{"driver": f.format, "file": map[string]any{"driver": "file", "filename": f.Real, "locking": "off"}}
	if formats[f.format].backs {
		node["backing"] = nil
	}
	name, err := json.Marshal(node)
	if err != nil {
		return tool.Result{}, errors.Join(err, box.Close())
	}
	ctx = tool.WithSandbox(ctx, func() *tool.Sandbox { return box })
	argv := append(append([]string{checker, verb}, options...), "json:"+string(name))
	result, err := tool.Run(ctx, tool.Cmd{Argv: argv, Needs: needs})
	return result, errors.Join(err, box.Close())
}
