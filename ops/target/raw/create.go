package raw

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/copying"
)

// create writes a raw image. Zeros become holes.
func create(ctx context.Context, f *os.File, n target.New) error {
	if n.Backing != "" || n.Compression != "" {
		return errors.New("a raw image has no backing file and is not compressed: use the format qcow2")
	}
	if err := f.Truncate(n.Size); err != nil {
		return tried.Errorf("make an image of %d bytes: %w", n.Size, tried.Cause(err))
	}
	if n.Content == nil {
		return nil
	}
	out := copying.NewOut(f)
	defer out.Close()
	return copying.Pieces(ctx, n, copying.Job{
		Put: func(off int64, p []byte, _ any) error { return putData(out, p, off) },
	})
}

// putData writes the blocks of p that are not zero.
func putData(f io.WriterAt, p []byte, off int64) error {
	const block = 4096 // of most file systems
	zero := make([]byte, block)
	for start := 0; start < len(p); {
		if end := min(start+block, len(p)); bytes.Equal(p[start:end], zero[:end-start]) {
			start = end
			continue
		}
		end := start
		for end < len(p) && !bytes.Equal(p[end:min(end+block, len(p))], zero[:min(block, len(p)-end)]) {
			end = min(end+block, len(p))
		}
		if _, err := f.WriteAt(p[start:end], off+int64(start)); err != nil {
			return tried.Errorf("write byte %d: %w", off+int64(start), tried.Cause(err))
		}
		start = end
	}
	return nil
}
