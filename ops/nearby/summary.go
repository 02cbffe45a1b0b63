package nearby

import (
	"bytes"
	"errors"
	"io"
	"io/fs"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/scan"
	"shunt/model/table"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// Summarize looks into candidates, without a lock on any. The summaries are in the order of the paths.
func (f Finder) Summarize(paths []string) []report.Summary {
	around := registry.TakeSnapshot()
	list := make([]report.Summary, len(paths))
	for i, path := range paths {
		list[i] = f.summarize(around, path)
	}
	return list
}

func (f Finder) summarize(around registry.Snapshot, path string) report.Summary {
	out := report.Summary{Path: path}
	g, err := around.Summarize(path, func(r io.ReaderAt, g registry.Summary) error { return f.look(r, g, &out) })
	out.Size, out.Format, out.Own = geometry.Bytes(g.Size), g.Format, g.Own
	out.PartsUsed, out.Shunt = g.Parts, g.Shunt
	out.Back, out.Use, out.Cannot = safetext.Printable(g.Back), safetext.Printable(g.Use), model.Reason(safetext.Printable(string(g.Cannot)))
	if why := f.refusal(g, err); !why.OK() {
		out.Cannot = why
	}
	if err != nil {
		return out
	}
	// Another format is an image as well, if of a kind that has to be converted first.
	out.Image = out.Image || !g.Cannot.OK() && g.Format != "partition"
	return out
}

// refusal is why what the summary shows cannot be opened, as far as the summary does not say it.
func (f Finder) refusal(g registry.Summary, err error) model.Reason {
	switch {
	case g.Physical && !f.Disks && g.Cannot.OK():
		return model.Because("it %v", target.ErrPhysical)
	case errors.Is(err, fs.ErrPermission):
		return "there is no permission to read it: run shunt as its owner or as root"
	case err != nil:
		return model.Reason(reason(err))
	}
	return ""
}

// look finds the table, or what covers a disk without one.
func (f Finder) look(r io.ReaderAt, g registry.Summary, out *report.Summary) error {
	z := f.sectorSize(g)
	if !z.Valid() {
		z = geometry.Sector512
	}
	d, err := table.Read(r, g.Size, z)
	if err != nil {
		return err
	}
	out.Table = d.Table.Kind
	for _, p := range d.Partitions() {
		if p.Role != model.Extended {
			out.Parts++
		}
	}
	if out.Parts == 0 {
		out.Whole = scan.Probe(r, 0, int64(d.Size())).Kind
	}
	out.Image = out.Table != model.TableNone || out.Whole != model.Unformatted || blank(r, g.Size)
	return nil
}

// blank reports whether the disk begins with nothing but zeroes, like an image that was just made.
func blank(r io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, 4096))
	_, err := r.ReadAt(head, 0)
	return err == nil && len(bytes.Trim(head, "\x00")) == 0
}
