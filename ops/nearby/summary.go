package nearby

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/scan"
	"shunt/model/table"
	"shunt/model/tried"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// Summarize looks into candidates without locking any. The summaries are in the order of the paths.
func (f Finder) Summarize(paths []string) []report.Summary {
	snapshot := registry.TakeSnapshot()
	snapshot.Format = f.Format
	var list []report.Summary
	for _, path := range paths {
		list = append(list, f.summarize(snapshot, path))
	}
	return list
}

func (f Finder) summarize(snapshot registry.Snapshot, path string) report.Summary {
	var out report.Summary
	g, err := snapshot.Summarize(path, func(r io.ReaderAt, g registry.Summary) error { return f.readContents(r, g, &out) })
	out.Path, out.Size, out.Format, out.Own, out.PartsUsed, out.Shunt = path, geometry.Bytes(g.Size), g.Format, g.Own, g.Parts, g.Shunt
	out.Back, out.Use = safetext.Printable(g.Back), safetext.Printable(g.Use)
	out.Cannot = model.Reason(safetext.Printable(string(g.Cannot)))
	if why := f.refusal(g, err); !why.OK() {
		out.Cannot = why
	}
	// An image in a format that must be converted first counts as an image too.
	out.Image = err == nil && (out.Image || !g.Cannot.OK() && g.Format != "partition")
	return out
}

// refusal returns why a target cannot be opened, if its summary does not say so already.
func (f Finder) refusal(g registry.Summary, err error) model.Reason {
	switch {
	case g.Physical && !f.Disks && g.Cannot.OK():
		return model.Because("it %v", target.ErrPhysical)
	case errors.Is(err, fs.ErrPermission):
		return "there is no permission to read it: run shunt as its owner or as root"
	case err != nil:
		return model.Reason(safetext.Printable(tried.Cause(err).Error()))
	}
	return ""
}

// readContents finds the table, or the file system that covers a disk without one.
func (f Finder) readContents(r io.ReaderAt, g registry.Summary, out *report.Summary) error {
	z := cmp.Or(g.Sector, f.SectorSize)
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
	if out.Foreign = d.Table.Foreign; out.Parts == 0 && out.Foreign == "" {
		whole := scan.Whole(r, int64(d.Size()), mostRead)
		out.Whole, out.Blank = whole.Kind, d.Sectors > 0 && whole.Word() == model.BlankWord
		out.BeginsBlank = scan.Unseen(whole)
	}
	out.Image = out.Table != model.TableNone || out.Foreign != "" || out.Whole != model.Unformatted || beginsBlank(r, g.Size)
	return nil
}

// mostRead is how many bytes of a disk are read to learn that it holds nothing. Only an image that was filled with zeroes
// takes so many: holes are skipped, and the first other byte ends the search.
const mostRead = 128 << 20

// beginsBlank reports whether the disk begins with zeroes only, like a new image.
func beginsBlank(r io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, 4096))
	_, err := r.ReadAt(head, 0)
	return err == nil && len(bytes.Trim(head, "\x00")) == 0
}
