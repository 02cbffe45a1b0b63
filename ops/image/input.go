package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// An input is an image that qemu-img is to read.
type input struct {
	format string // QEMU's name
	size   int64
	seen   []os.FileInfo // all files that it consists of, backing files included
	read   []string      // what qemu-img may read
	claims []io.Closer
}

// fromForeign converts an image that shunt does not read itself, or not down to its last backing file. format is QEMU's name.
func (c Conversion) fromForeign(ctx context.Context, format string, o Options) (err error) {
	in := input{format: format}
	defer func() { err = errors.Join(err, in.close()) }()
	if err := in.add(ctx, c.From, format, o); err != nil {
		return err
	}
	about, err := Describe(ctx, c.From)
	if err != nil {
		return err
	}
	if about.Size != nil {
		in.size = *about.Size
	}
	for _, l := range about.Chain {
		// A layer without a format has not been looked into, so it is the last one here.
		if err := in.add(ctx, l.Path, l.Format, o); err != nil {
			return fmt.Errorf("%s has a backing file that cannot be read: %w", c.From, err)
		}
	}
	return c.byQEMU(ctx, in, o)
}

// add locks the image at path until close and lets qemu-img read it: a raw image alone, others with their directory, where the
// extents of a VMDK lie. It fails if the file is missing, cannot be read or is in use.
func (in *input) add(ctx context.Context, path, format string, o Options) error {
	claim, _, err := registry.Claim(path, target.Options{Mode: target.Read, NoLock: o.Session.NoLock})
	if err != nil {
		return err
	}
	in.claims = append(in.claims, claim)
	if in.read = append(in.read, path); format != string(Raw) {
		in.read = append(in.read, filepath.Dir(path))
	}
	files := []string{path}
	if format == string(VMDK) {
		about, err := askQEMU(ctx, path, format)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		for _, e := range about.Specific.Data.Extents {
			files = append(files, e.Path)
		}
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return tried.Errorf("stat %s: %w", file, tried.Cause(err))
		}
		in.seen = append(in.seen, info)
	}
	return nil
}

// close ends the locks.
func (in *input) close() (err error) {
	for _, c := range in.claims {
		err = errors.Join(err, c.Close())
	}
	return err
}
