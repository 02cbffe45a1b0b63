package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/table"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// A Blank is an image to be made.
type Blank struct {
	Path    string
	Format  Format
	Size    geometry.Bytes // 0: that of Backing
	Backing string         // an image that is shown until something is written, as seen from the working directory; "" for none
	Table   model.TableKind
}

// Create makes a new image and returns its size. After an error nothing has changed.
func Create(ctx context.Context, b Blank, o Options) (size geometry.Bytes, err error) {
	sector := max(o.Session.SectorSize, geometry.Sector512)
	n := target.New{Size: int64(b.Size)}
	var base target.Target
	var seen []os.FileInfo
	if b.Backing != "" {
		if base, err = openBase(b, o); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, base.Close()) }()
		n.BackingFormat, n.Size = formatOf(base), cmp.Or(n.Size, roundUp(base.Size()))
		if seen, err = files(base); err != nil {
			return 0, err
		}
	}
	if n.Size < int64(sector) || n.Size%int64(sector) != 0 {
		return 0, fmt.Errorf("a disk of %d bytes is not possible: the size must be a multiple of %d bytes, its sectors", n.Size, sector)
	}
	if b.Table != model.TableNone {
		if n.Content, err = withTable(n.Size, b.Table, sector); err != nil {
			return 0, err
		}
	}
	r, err := New(b.Path, o, seen...)
	if err != nil {
		return 0, err
	}
	if base != nil {
		n.Backing, err = backingName(r.Final(), b.Backing)
	}
	if err == nil {
		err = registry.Create(ctx, string(b.Format), r.File(), n)
	}
	if err != nil {
		return 0, errors.Join(tried.Errorf("make %s: %w", b.Path, err), r.Drop())
	}
	return geometry.Bytes(n.Size), r.Finish()
}

// openBase opens the image that is to be a backing file.
func openBase(b Blank, o Options) (target.Target, error) {
	if b.Format != Qcow2 {
		return nil, fmt.Errorf("a %s image has no backing file: use --format qcow2", b.Format)
	}
	base, err := OpenSource(b.Backing, o.Session)
	if err != nil {
		return nil, err
	}
	if _, device := base.(target.KernelDisk); device {
		return nil, errors.Join(fmt.Errorf("%s is a device, and its name may lead to another one tomorrow: give an image", b.Backing), base.Close())
	}
	return base, nil
}

// roundUp returns the size of the disk that shows all of another one: whole sectors of 512 bytes.
func roundUp(n int64) int64 {
	const sector = 512
	return (n + sector - 1) / sector * sector
}

// backingName returns the name by which QEMU finds a backing file: absolute if it was given so, otherwise as seen from the
// directory of the image.
func backingName(image, base string) (string, error) {
	if filepath.IsAbs(base) {
		return base, nil
	}
	abs, err := filepath.Abs(base)
	if err != nil {
		return "", err
	}
	// Both directories without links: the host follows ".." from where a link leads.
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return "", err
	}
	name, err := filepath.Rel(filepath.Dir(image), filepath.Join(dir, filepath.Base(abs)))
	if err != nil {
		return "", err
	}
	if first, _, _ := strings.Cut(name, "/"); strings.Contains(first, ":") {
		name = "./" + name // what stands before a colon would be taken for a protocol
	}
	return name, nil
}

// withTable returns the content of a disk with an empty table.
func withTable(size int64, kind model.TableKind, z geometry.SectorSize) (target.Content, error) {
	blank := model.New(model.Disk{SectorSize: z, Sectors: geometry.Sector(size / int64(z))}, nil, nil)
	after, err := ops.NewTable{Kind: kind}.Apply(blank, ops.Env{})
	if err != nil {
		return nil, err
	}
	c := &patched{size: size}
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
