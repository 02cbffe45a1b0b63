package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

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
	checkFailed    = 1 // as for a place in the file that is not there
	checkCorrupt   = 2
	checkLeaks     = 3
	checkUnchecked = 63 // qemu-img does not check this format
)

// Check implements target.Checkable.
func (f *file) Check(ctx context.Context) ([]target.LayerCheck, error) {
	c := target.LayerCheck{Path: f.Given, Format: f.format, By: checker}
	result, err := f.check(ctx)
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
	if cut, err := f.cut(); err != nil {
		c.Faults = append(c.Faults, safetext.Printable(tried.Text(err)))
	} else if cut {
		c.Faults = append(c.Faults, cutShort)
	}
	return []target.LayerCheck{c}, nil
}

// checkPatience is how long opening an image for editing may take to check its tables.
const checkPatience = 15 * time.Second

// whole fails if the tables of the format are damaged, or lead beyond the end of a file that was cut short: QEMU reads zeros
// there, so an edit would take them for the disk. A check that cannot be made, or takes too long, is no failure.
func (f *file) whole() error {
	const do = "nothing was changed: get the whole file again, or work on a copy that `qemu-img check -r all` has mended"
	if cut, err := f.cut(); err != nil {
		return err
	} else if cut {
		return fmt.Errorf("%s: %s; %s", f.Given, cutShort, do)
	}
	ctx, stop := context.WithTimeout(context.Background(), checkPatience)
	defer stop()
	if result, err := f.check(ctx); err == nil && (result.Exit == checkCorrupt || result.Exit == checkFailed) {
		return fmt.Errorf("the format of %s is damaged: %s; %s", f.Given, found(result), do)
	}
	return nil
}

const cutShort = "the file ends before the last block of its disk, so it was cut short"

// cut reports whether the file ends before a block of its disk. It knows VDI, in which QEMU's check does not look for that.
func (f *file) cut() (bool, error) {
	if f.format != VDI {
		return false, nil
	}
	used, end, _, err := f.blocksOfVDI()
	return err == nil && used > 0 && f.endOfVDI(end) > f.length, err
}

// found says what a check of the format has found, without a full stop.
func found(r tool.Result) string {
	what := "the check could not be completed"
	switch r.Exit {
	case checkCorrupt:
		what = "errors in the tables"
	case checkLeaks:
		what = "places in the file that nothing uses, which only take room"
	}
	const most = 300 // bytes of what can be thousands of lines
	said := strings.Join(strings.Fields(safetext.Printable(strings.ReplaceAll(r.Output, "\n", " "))), " ")
	if len(said) > most {
		said = strings.ToValidUTF8(said[:most], "") + " …"
	}
	return fmt.Sprintf("%s: %s", what, strings.TrimRight(said, "."))
}

// check runs qemu-img check with options on the image. It takes no locks, since this process has them, and it can
// write to the image if the options are those of a repair, and otherwise only read it.
func (f *file) check(ctx context.Context, options ...string) (tool.Result, error) {
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
	path, files := f.Real, []*os.File(nil)
	if !utf8.ValidString(path) && len(f.extents) == 0 { // JSON has no such names
		const first = 3 // the number of the first file that a program is handed
		path, files = fmt.Sprintf("/proc/self/fd/%d", first), []*os.File{f.Read}
	}
	node := map[string]any{"driver": f.format, "file": map[string]any{"driver": "file", "filename": path, "locking": "off"}}
	if formats[f.format].backs {
		node["backing"] = nil
	}
	name, err := json.Marshal(node)
	if err != nil {
		return tool.Result{}, errors.Join(err, box.Close())
	}
	ctx = tool.WithSandbox(ctx, func() *tool.Sandbox { return box })
	argv := append(append([]string{checker, "check"}, options...), "json:"+string(name))
	result, err := tool.Run(ctx, tool.Cmd{Argv: argv, Files: files, Needs: needs})
	return result, errors.Join(err, box.Close())
}
