package nearby

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/scan"
	"shunt/ops/report"
	"shunt/ops/target/registry"
)

// Look reads the table and the superblocks of the image or device at path, without locking it. image is false if the file is
// readable and nothing in it or its name says that it is an image.
func (f Finder) Look(snapshot registry.Snapshot, path string) (out report.Found, image bool) {
	out = report.Found{Path: path, Partitions: []report.FoundPart{}}
	var short report.Summary
	g, err := snapshot.Summarize(path, func(r io.ReaderAt, g registry.Summary) error {
		if err := f.readContents(r, g, &short); err != nil {
			return err
		}
		return f.readParts(r, g, &out)
	})
	out.Format, out.Size, out.InUse = g.Format, geometry.Bytes(g.Size), safetext.Printable(g.Use)
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		const statBlock = 512
		out.Allocated = geometry.Bytes(info.Sys().(*syscall.Stat_t).Blocks * statBlock) //nolint:forcetypeassert // on Linux
	}
	if err != nil {
		out.Error = safetext.Printable(string(cmp.Or(f.refusal(g, err), model.Reason(err.Error()))))
		return out, named(path) || g.Format != "" && g.Format != "raw"
	}
	if why := f.refusal(g, nil); !why.OK() {
		out.Note = safetext.Printable(string(why))
	} else if !g.Cannot.OK() {
		out.Note = safetext.Printable(string(g.Cannot))
	}
	return out, named(path) || short.Table != model.TableNone || short.Foreign != "" || short.Whole != model.Unformatted
}

// Disk reads the table and the superblocks of an image or a device, without locking it. What it returns can be out of date
// if another program writes to the target.
func (f Finder) Disk(path string) (d model.Disk, err error) {
	snapshot := registry.TakeSnapshot()
	snapshot.Format = f.Format
	_, err = snapshot.Summarize(path, func(r io.ReaderAt, g registry.Summary) error {
		d, err = f.scan(r, g)
		return err
	})
	return d, err
}

func (f Finder) scan(r io.ReaderAt, g registry.Summary) (model.Disk, error) {
	z := cmp.Or(g.Sector, f.SectorSize)
	if !z.Valid() {
		z = geometry.Sector512
	}
	return scan.Scan(r, g.Size, z)
}

// readParts lists the partitions of a disk, and what they hold.
func (f Finder) readParts(r io.ReaderAt, g registry.Summary, out *report.Found) error {
	d, err := f.scan(r, g)
	if err != nil {
		return err
	}
	out.Table = d.Table.String()
	if p, ok := d.Fatal(); ok {
		out.Note = safetext.Printable(p.Text)
	}
	if d.Table.Kind == model.TableNone {
		if d.Table.Foreign == "" {
			out.Partitions = append(out.Partitions, foundPart(d, model.Partition{Span: d.Span(), FS: d.Whole}))
		}
		return nil
	}
	for p := range d.Each() {
		out.Partitions = append(out.Partitions, foundPart(d, p))
	}
	return nil
}

func foundPart(d model.Disk, p model.Partition) report.FoundPart {
	q := report.FoundPart{
		Number: p.Number, Size: d.SectorSize.Bytes(p.Span.Len()), Kind: p.FS.Word(), Label: safetext.Printable(p.FS.Label), UUID: safetext.Printable(p.FS.UUID),
		Name: safetext.Printable(p.Name), Type: string(p.Type),
	}
	if p.Role == model.Extended {
		q.Kind = "extended"
	} else if p.FS.Known() && p.FS.Used >= 0 {
		q.Used = new(int64(p.FS.Used))
	}
	return q
}

// A Walked is what a walk through directories found. Paths are exact.
type Walked struct {
	Files []string
	// Mounts are directories on other file systems, which were not entered, and Unread those that could not be read.
	Mounts, Unread []string
}

// Walk looks through a directory and those below it for files that may be images, by their names and sizes. It follows no
// link, opens nothing but directories, stays on one file system and leaves out the journals of shunt.
func (f Finder) Walk(root string) (w Walked) {
	device := func(info os.FileInfo) uint64 {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			return st.Dev
		}
		return 0
	}
	top, err := os.Stat(root)
	if err != nil {
		w.Unread = append(w.Unread, root)
		return w
	}
	first := root
	if real, err := filepath.EvalSymlinks(root); err == nil && real != root {
		first = root + "/." // a link that was named is followed
	}
	_ = filepath.WalkDir(first, func(path string, e os.DirEntry, err error) error {
		path = filepath.Clean(path)
		switch {
		case err != nil:
			w.Unread = append(w.Unread, path)
			return nil
		case e.IsDir():
			info, err := e.Info()
			if err == nil && device(info) != device(top) {
				w.Mounts = append(w.Mounts, path)
				return filepath.SkipDir
			}
			if strings.HasSuffix(e.Name(), ".shunt") {
				return filepath.SkipDir
			}
		case e.Type().IsRegular():
			if info, err := e.Info(); err == nil && likely(e.Name(), geometry.Bytes(info.Size())) {
				w.Files = append(w.Files, path)
			}
		}
		return nil
	})
	return w
}
