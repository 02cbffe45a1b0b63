package image

import (
	"context"
	"errors"
	"fmt"

	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// A Conversion is an image to be made of another image or of a device.
type Conversion struct {
	From, To    string
	Format      Format // of To
	Compression string // "zlib" or "zstd"; "" for none
	// Watch is called with the bytes of the disk that are done, and with all of them. It may be nil.
	Watch func(done, total int64)
}

// Convert makes the image. After an error, also that of ctx, nothing has changed.
func Convert(ctx context.Context, c Conversion, o Options) (err error) {
	source, err := OpenSource(c.From, o.Session)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	seen, err := files(source)
	if err != nil {
		return err
	}
	r, err := New(c.To, o, seen...)
	if err != nil {
		return err
	}
	if err := fill(ctx, r, source, c); err != nil {
		return errors.Join(fmt.Errorf("convert %s to %s: %w", c.From, c.To, err), r.Drop())
	}
	return r.Finish()
}

// fill writes the disk of a target into a new image. Formats whose disks are whole sectors get zeros behind the last byte.
func fill(ctx context.Context, r *Result, from target.Target, c Conversion) error {
	size := from.Size()
	n := target.New{Size: size, Content: from, Compression: c.Compression}
	if c.Format != Raw {
		const sector = 512
		n.Size = (size + sector - 1) / sector * sector
	}
	if c.Watch != nil {
		n.Watch = func(done int64) { c.Watch(done, size) }
	}
	err := registry.Create(ctx, string(c.Format), r.File(), n)
	n.Done(size)
	return err
}
