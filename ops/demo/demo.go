// Package demo makes the practice image: a USB stick of 966 MiB as people had them in 2012, with an MBR and two ext4
// partitions side by side that fill it. The first partition starts at sector 63, as was usual then.
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

// A Part is one partition of the practice image.
type Part struct {
	Number int
	Span   geometry.Span
	Label  string // the label of its file system
	Active bool
}

// Parts lists the partitions.
func Parts() []Part {
	end := SectorSize.Down(Size)
	// The first track of old disks ends before sector 63, where the first partition used to start.
	return []Part{
		{Number: 1, Span: geometry.Span{Start: 63, End: end / 2}, Label: "docs", Active: true},
		{Number: 2, Span: geometry.Span{Start: end / 2, End: end}, Label: "photos"},
	}
}

// mkfs is the program that makes the file systems. It is in the package e2fsprogs.
const mkfs = "mkfs.ext4"

// Make makes the practice image at path. Its size is 966 MiB, but it is sparse and takes about 60 MiB. If the file exists,
// Make leaves it alone and the error wraps fs.ErrExist. If mkfs.ext4 is not installed, the error wraps exec.ErrNotFound.
// After an error, including the end of ctx, Make has removed what it made.
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
	// The table comes last, so that an unfinished image cannot be mistaken for a finished one.
	if err := writeTable(f); err != nil {
		return err
	}
	return f.Sync()
}

// blockSize is the block size of the file systems. For file systems this small mkfs.ext4 would choose 1024 bytes, which is
// rare today.
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
		// With one inode per 32 KiB and a small journal, most of the used space belongs to files.
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

// hashSeed determines the order of entries in large directories. Any UUID will do as long as it stays the same.
const hashSeed = "7368756e-7400-4000-8000-64656d6f0000"
