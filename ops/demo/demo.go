// Package demo makes the practice image: a USB stick of 966 MiB as people had them in 2012, with an MBR, an old first
// partition that starts at sector 63, and two ext4 partitions side by side that fill it.
//
//	sector 0     63                989184              1978368
//	       +-----+-----------------+-------------------+
//	       | MBR | p1 ext4 "docs"  | p2 ext4 "photos"  |
//	       +-----+-----------------+-------------------+
//
// Everything in the image is the same every time, except for the UUIDs and times that mkfs.ext4 puts into its file systems.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops/tool"
)

// Size of the image and its sectors.
const (
	Size       = 966 * geometry.MiB
	SectorSize = geometry.Sector512
)

// Part is one partition of the practice image.
type Part struct {
	Number int
	Span   geometry.Span
	Label  string // of its file system
	Active bool
}

// Parts lists the partitions.
func Parts() []Part {
	end := SectorSize.Down(Size)
	// Sector 63 was the end of the first track, where partitions began before they were aligned to anything.
	return []Part{
		{Number: 1, Span: geometry.Span{Start: 63, End: end / 2}, Label: "docs", Active: true},
		{Number: 2, Span: geometry.Span{Start: end / 2, End: end}, Label: "photos"},
	}
}

// mkfs makes the file systems. It is in the package e2fsprogs.
const mkfs = "mkfs.ext4"

// Make makes the practice image at path. Its size is 966 MiB, but it is sparse and takes about 60 MiB.
// A file that exists already is left alone: the error wraps fs.ErrExist. Without mkfs.ext4 the error wraps
// exec.ErrNotFound. After an error, the end of ctx included, there is no file at path.
func Make(ctx context.Context, path string) error { return makeWith(ctx, path, mkfs) }

func makeWith(ctx context.Context, path, mkfs string) error {
	if _, err := tool.Find(mkfs); err != nil {
		return fmt.Errorf("making the practice image needs %s: install it with `apt install e2fsprogs` (%w)", mkfs, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return tried.Errorf("make the practice image: %s exists already: give another name or remove it: %w", path, fs.ErrExist)
	}
	if err != nil {
		return tried.Errorf("make the practice image: %w", err)
	}
	if err := errors.Join(fill(ctx, f, mkfs), f.Close()); err != nil {
		return tried.Errorf("make the practice image: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

func fill(ctx context.Context, f *os.File, mkfs string) error {
	if err := f.Truncate(int64(Size)); err != nil {
		return err
	}
	for _, p := range Parts() {
		if err := p.fill(ctx, f.Name(), mkfs); err != nil {
			return err
		}
	}
	// The table comes last: an image that was not finished is not mistaken for one that was.
	if err := writeTable(f); err != nil {
		return err
	}
	return f.Sync()
}

// blockSize is that of the file systems. mkfs.ext4 would choose 1024 bytes for small ones, which few file systems have
// today.
const blockSize = 4 * geometry.KiB

// fill makes the partition's file system with its files inside the image.
func (p Part) fill(ctx context.Context, image, mkfs string) (err error) {
	dir, err := os.MkdirTemp("", "shunt-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := plant(ctx, dir, tree(p.Number)); err != nil {
		return err
	}
	blocks := SectorSize.Bytes(p.Span.Len()) / blockSize
	ran, err := tool.Run(ctx, tool.Cmd{Argv: []string{
		mkfs, "-q", "-F", "-L", p.Label, "-b", strconv.FormatInt(int64(blockSize), 10),
		// One inode for 32 KiB and a small journal, so that files are most of what is used.
		"-i", "32768", "-J", "size=4",
		"-E", fmt.Sprintf("offset=%d,nodiscard,hash_seed=%s", SectorSize.Bytes(p.Span.Start), hashSeed),
		"-d", dir, image, strconv.FormatInt(int64(blocks), 10),
	}})
	if err != nil {
		return tried.Errorf("make the file system of p%d: %w", p.Number, err)
	}
	if ran.Exit != 0 {
		return tried.Errorf("make the file system of p%d: %s ended with status %d: %s",
			p.Number, mkfs, ran.Exit, strings.TrimSpace(ran.Output))
	}
	return nil
}

// hashSeed orders the entries of large directories; any UUID will do as long as it stays the same.
const hashSeed = "7368756e-7400-4000-8000-64656d6f0000"
