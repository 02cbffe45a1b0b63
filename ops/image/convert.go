package image

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// foreignFormat returns QEMU's name for the format of an image that could not be opened with this error, if qemu-img can read
// it all the same, and "" otherwise.
func foreignFormat(err error) string {
	if e, ok := errors.AsType[*registry.Format](err); ok {
		return e.QEMU
	}
	if _, ok := errors.AsType[*target.ForeignBacking](err); ok {
		return string(Qcow2)
	}
	if e, ok := errors.AsType[*target.Overlay](err); ok {
		return e.Format
	}
	if e, ok := errors.AsType[*target.NeedsProgram](err); ok {
		return e.Format
	}
	return ""
}

// A Conversion is an image to be made of another image or of a device.
type Conversion struct {
	From, To    string
	Format      Format // of To
	Compression string // "zlib" or "zstd", for qcow2; "" for none
	// SectorSize is the logical sector size that the table in To is written for; 0 for that of From. The new table has the same
	// partitions at the same bytes. To is raw or qcow2 then.
	SectorSize geometry.SectorSize
	// Unusable allows file systems that cannot be used with sectors of that size.
	Unusable bool
	// Note is called with sentences about what differs besides the sectors. It may be nil.
	Note func(string)
	// Watch is called with the bytes of the disk that are done, and with all of them. It may be nil.
	Watch func(done, total int64)
}

// Convert makes the image. Raw and qcow2 are read and written here; qemu-img does it where the source or the result has
// another format. After an error, also that of ctx, nothing has changed.
func Convert(ctx context.Context, c Conversion, o Options) (err error) {
	if c.Compression != "" && c.Format != Qcow2 {
		return fmt.Errorf("only qcow2 images can be compressed, and %s would be %s", c.To, c.Format)
	}
	if c.SectorSize != 0 && !c.Format.Own() {
		return fmt.Errorf("the sectors of a disk are converted to a raw or qcow2 image, and %s would be %s", c.To, c.Format)
	}
	if c.Watch == nil {
		c.Watch = func(int64, int64) {}
	}
	if c.Note == nil {
		c.Note = func(string) {}
	}
	source, err := OpenSource(c.From, o.Session)
	if format := foreignFormat(err); format != "" && c.SectorSize == 0 {
		return c.fromForeign(ctx, format, o)
	}
	if err != nil {
		return err
	}
	if foreign, ok := source.(target.Foreign); ok && c.SectorSize == 0 { // qemu-img reads it without a detour
		if err := source.Close(); err != nil {
			return err
		}
		return c.fromForeign(ctx, foreign.QEMU(), o)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	seen, err := files(source)
	if err != nil {
		return err
	}
	if !c.Format.Own() {
		in := input{format: formatOf(source), size: source.Size(), seen: seen}
		for _, f := range source.Files() {
			in.read = append(in.read, f.Name())
		}
		return c.byQEMU(ctx, in, o)
	}
	content := target.Content(source)
	if c.SectorSize != 0 {
		if content, err = resectored(source, c.SectorSize, c.Unusable, c.Note); err != nil {
			return err
		}
	}
	r, err := New(c.To, o, seen...)
	if err != nil {
		return err
	}
	if err := fill(ctx, r, content, c); err != nil {
		return c.failed(err, r)
	}
	return r.Finish()
}

func (c Conversion) failed(err error, r *Result) error {
	return errors.Join(tried.Errorf("convert %s to %s: %w", c.From, c.To, err), r.Drop())
}

// formatOf returns the format of a target in QEMU's words. A device holds a raw disk.
func formatOf(t target.Target) string {
	if t.Format() == string(Qcow2) {
		return t.Format()
	}
	return string(Raw)
}

// fill writes a disk into a new image. Formats whose disks are whole sectors get zeros behind the last byte.
func fill(ctx context.Context, r *Result, from target.Content, c Conversion) error {
	size := from.Size()
	n := target.New{Size: size, Content: from, Compression: c.Compression, Watch: func(done int64) { c.Watch(done, size) }}
	if p, ok := from.(interface{ Packed() bool }); ok {
		n.Heavy = p.Packed()
	}
	if c.Format != Raw {
		n.Size = roundUp(size)
	}
	err := registry.Create(ctx, string(c.Format), r.File(), n)
	n.Done(size)
	return err
}

// byQEMU has qemu-img write the result in a directory of its own under its final name, which some formats keep inside.
func (c Conversion) byQEMU(ctx context.Context, in input, o Options) error {
	from, err := plainly(c.From)
	if err != nil {
		return tried.Errorf("convert %s: %w", c.From, err)
	}
	r, err := NewNamed(c.To, o, in.seen...)
	if err != nil {
		return err
	}
	args := []string{"convert", "-p", "-f", in.format, "-O", string(c.Format)}
	if c.Format == VPC {
		args = append(args, "-o", "force_size=on") // otherwise the disk becomes as long as a geometry of cylinders
	}
	if c.Compression != "" {
		args = append(args, "-c", "-o", "compression_type="+c.Compression)
	}
	watch := func(line string) {
		if n, ok := percent(line); ok {
			c.Watch(int64(n/100*float64(in.size)), in.size)
		}
	}
	_, err = callQEMU(ctx, reach{read: append(in.read, from), temp: filepath.Dir(r.Path())}, watch, append(args, from, r.Path())...)
	if err == nil {
		err = ctx.Err() // qemu-img may have been faster than the signal
	}
	if err != nil {
		return c.failed(err, r)
	}
	return r.Finish()
}
