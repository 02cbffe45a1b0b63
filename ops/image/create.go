package image

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/table"
	"shunt/ops"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// A Blank is an image to be made.
type Blank struct {
	Path   string
	Format Format
	Size   geometry.Bytes
	Table  model.TableKind // an empty partition table; TableNone for none
	Sector geometry.SectorSize
}

// Create makes a new image. After an error nothing has changed.
func Create(ctx context.Context, b Blank, o Options) (err error) {
	n := target.New{Size: int64(b.Size)}
	if b.Size < geometry.Bytes(b.Sector) || n.Size%int64(b.Sector) != 0 {
		return fmt.Errorf("a disk of %d bytes is not possible: the size must be a multiple of %d bytes, its sectors", n.Size, b.Sector)
	}
	if b.Table != model.TableNone {
		if n.Content, err = withTable(b); err != nil {
			return err
		}
	}
	r, err := New(b.Path, o)
	if err != nil {
		return err
	}
	if err := registry.Create(ctx, string(b.Format), r.File(), n); err != nil {
		return errors.Join(fmt.Errorf("make %s: %w", b.Path, err), r.Drop())
	}
	return r.Finish()
}

// withTable returns the content of a disk with an empty table.
func withTable(b Blank) (target.Content, error) {
	blank := model.New(model.Disk{SectorSize: b.Sector, Sectors: geometry.Sector(int64(b.Size) / int64(b.Sector))}, nil, nil)
	after, err := ops.NewTable{Kind: b.Table}.Apply(blank, ops.Env{})
	if err != nil {
		return nil, err
	}
	c := &patched{size: int64(b.Size)}
	c.patches, err = table.Encode(c, blank, after, uuid.New)
	return c, err
}

// A patched disk is zero but for a few sectors.
type patched struct {
	size    int64
	patches []table.Patch
}

func (d *patched) Size() int64 { return d.size }

func (d *patched) ReadAt(p []byte, off int64) (int, error) {
	if off >= d.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), d.size-off))
	clear(p[:n])
	for _, patch := range d.patches {
		if from := patch.Off - off; from < int64(n) && from+int64(len(patch.Data)) > 0 {
			copy(p[max(from, 0):n], patch.Data[max(-from, 0):])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Data returns the first patch that ends behind off.
func (d *patched) Data(off int64) (start, end int64, err error) {
	start, end = d.size, d.size
	for _, patch := range d.patches {
		if last := patch.Off + int64(len(patch.Data)); last > off && patch.Off < start {
			start, end = max(patch.Off, off), last
		}
	}
	return start, end, nil
}
