package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/copying"
	"shunt/ops/target/internal/held"
	"shunt/ops/tool"
)

var _ target.Replacing = (*file)(nil)

// ImageState implements target.Replacing.
func (f *file) ImageState() model.ImageState {
	state := model.ImageState{Renews: true, OfSize: f.facts.only, Longest: longest[f.format]}
	if _, err := tool.Find(checker); err != nil && state.OfSize.OK() {
		state.OfSize = model.Because("a new image is written for that by %s, which is missing: install it with `apt install %s`", checker, checkerPack)
	}
	if f.format == VPC {
		state.Cylinders = f.inCylinders()
	}
	return state
}

// longest is the size of the longest disk of a format, where the format limits it.
var longest = map[string]geometry.Bytes{VPC: 2040 * geometry.GiB, VHDX: 64 * geometry.TiB, QED: 64 * geometry.TiB}

// Renew implements target.Replacing. qemu-img makes an empty image, a daemon of its own fills it, and qemu-img checks it.
func (f *file) Renew(ctx context.Context, out *os.File, n target.New) (err error) {
	if err := f.make(ctx, out, n.Size); err != nil {
		return err
	}
	s, err := serve(source{given: f.Given, format: f.format, image: out, write: true, fresh: true, backless: formats[f.format].backs})
	if err != nil {
		return tried.Errorf("open the new image: %w", err)
	}
	if got := s.Size(); got != n.Size {
		return errors.Join(fmt.Errorf("%s made a disk of %d bytes where %d were asked for", checker, got, n.Size), s.close())
	}
	if err = fill(ctx, s, n, f.atOnce()); err == nil {
		err = s.Flush()
	}
	if err != nil {
		err = s.failed(err)
	}
	if err := errors.Join(err, s.close()); err != nil {
		return tried.Errorf("fill the new image: %w", err)
	}
	if err := f.keepIdentity(out); err != nil {
		return tried.Errorf("give the new image the identity of the old one: %w", err)
	}
	if err := f.checkNew(ctx, out); err != nil {
		return err
	}
	return out.Sync()
}

// atOnce returns how many pieces are on their way to the daemon at a time. Waiting for the answer to each takes longer than
// writing it, most of all on a busy machine.
func (f *file) atOnce() int {
	if formats[f.format].inTurn {
		return 1
	}
	return 8
}

// fill writes the content of a new image, with so many writes at a time.
func fill(ctx context.Context, to io.WriterAt, n target.New, atOnce int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	err := copying.Pieces(ctx, n, copying.Job{Unit: unit, Put: func(off int64, p []byte, _ any) error {
		p = bytes.Clone(p)
		group.Go(func() error { return putData(to, p, off) })
		return nil
	}})
	if failed := group.Wait(); failed != nil { // then err may only say that it was stopped
		return failed
	}
	return err
}

// unit is the smallest part of the disk that is left out because it is zero, in bytes.
const unit = 64 << 10

// putData writes the parts of p that are not zero.
func putData(to io.WriterAt, p []byte, off int64) error {
	var zero [unit]byte
	blank := func(at int) bool { return bytes.Equal(p[at:min(at+unit, len(p))], zero[:min(unit, len(p)-at)]) }
	for start := 0; start < len(p); {
		if blank(start) {
			start += unit
			continue
		}
		end := min(start+unit, len(p))
		for end < len(p) && !blank(end) {
			end = min(end+unit, len(p))
		}
		if _, err := to.WriteAt(p[start:end], off+int64(start)); err != nil {
			return tried.Errorf("write byte %d of the disk: %w", off+int64(start), err)
		}
		start = end
	}
	return nil
}

// make has qemu-img make an empty image and copies it into a file. The program writes by names alone, and some formats keep the
// name.
func (f *file) make(ctx context.Context, out *os.File, size int64) (err error) {
	options, err := f.likeness()
	if err != nil {
		return tried.Errorf("read the properties of %s: %w", f.Given, err)
	}
	dir, err := privateDir()
	if err != nil {
		return tried.Errorf("make a directory for an empty image: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, inside(filepath.Base(f.Real)))
	argv := []string{checker, "create", "-q", "-f", f.format}
	if len(options) > 0 {
		argv = append(argv, "-o", strings.Join(options, ","))
	}
	err = runWith(ctx, tool.SandboxConfig{TempDir: dir}, append(argv, path, fmt.Sprint(size))...)
	if err != nil {
		return tried.Errorf("make an empty %s image: %w", f.format, err)
	}
	empty, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = empty.Close() }() // it was only read
	return copySparse(out, empty)
}

// inside returns a name that can be kept in the text of a descriptor.
func inside(name string) string {
	odd := func(r rune) bool { return r < ' ' || r == '"' || r == '\x7f' }
	if strings.IndexFunc(name, odd) >= 0 {
		return "disk"
	}
	return name
}

// runWith runs a program in a sandbox. The error has its last words.
func runWith(ctx context.Context, confine tool.SandboxConfig, argv ...string) error {
	box, err := tool.NewSandbox(confine)
	if err != nil {
		return err
	}
	ctx = tool.WithSandbox(ctx, func() *tool.Sandbox { return box })
	result, err := tool.Run(ctx, tool.Cmd{Argv: argv, Needs: tool.Search})
	err = errors.Join(err, box.Close(), ctx.Err())
	if err == nil && result.Exit != 0 {
		err = errors.New(lastWords(result.Output))
	}
	return err
}

// copySparse copies a file. Its holes stay holes.
func copySparse(to, from *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if err := to.Truncate(size); err != nil {
		return err
	}
	for off := int64(0); off < size; {
		start, err := unix.Seek(int(from.Fd()), off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil
		}
		end := size
		if err == nil {
			end, err = unix.Seek(int(from.Fd()), start, unix.SEEK_HOLE)
		}
		if err != nil {
			start, end = off, size
		}
		if _, err := io.Copy(io.NewOffsetWriter(to, start), io.NewSectionReader(from, start, end-start)); err != nil {
			return err
		}
		off = end
	}
	return nil
}

// checkNew has qemu-img check the format of a new image.
func (f *file) checkNew(ctx context.Context, out *os.File) error {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", out.Fd()))
	if err != nil {
		return err
	}
	fresh := &file{File: &held.File{Real: path, Read: out}, format: f.format}
	result, err := fresh.check(ctx)
	switch {
	case err != nil:
		return tried.Errorf("check the new image: %w", err)
	case result.Exit != checkClean && result.Exit != checkUnchecked:
		return fmt.Errorf("%s finds the new image damaged, and the old one stays: %s", checker, found(result))
	}
	return nil
}

// Reread implements target.Replacing.
func (f *file) Reread(_ context.Context, out *os.File) (target.Content, func() error, error) {
	s, err := serve(source{given: f.Given, format: f.format, image: out, backless: formats[f.format].backs})
	if err != nil {
		return nil, nil, tried.Errorf("open the new image: %w", err)
	}
	return served{s}, s.close, nil
}

// served is the disk of a daemon.
type served struct{ *server }

// Data implements target.Content.
func (d served) Data(off int64) (start, end int64, err error) {
	return dataFrom(d.Status, off, d.Size())
}
