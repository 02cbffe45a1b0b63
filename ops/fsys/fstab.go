package fsys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"shunt/ops/report"
)

// mostText is how many bytes of a text file are read.
const mostText = 64 << 10

// mostRoots limits how many directories are looked into that could be mounted at /.
const mostRoots = 64

// Fstabs returns the texts of all /etc/fstab in a file system: that of its root, and where it has subvolumes those of the
// directories in which the root of a system usually lies. Files says how the reading is confined.
func (d Driver) Fstabs(ctx context.Context, src Files) ([]string, error) {
	read := d.text
	if read == nil && len(d.Mounts) > 0 {
		read = d.mountedText
	}
	if read == nil {
		return nil, d.NoFiles.Err()
	}
	roots := [][]string{nil}
	if d.subvolumes {
		more, err := d.roots(ctx, src)
		if err != nil {
			return nil, err
		}
		roots = append(roots, more...)
	}
	var texts []string
	var failed error
	for _, root := range roots {
		text, err := read(ctx, src, slices.Concat(root, []string{"etc", "fstab"}))
		if failed = errors.Join(failed, err); err == nil {
			texts = append(texts, text)
		}
	}
	if len(texts) > 0 {
		failed = nil
	}
	return texts, failed
}

// wholly mounts the file system with all its subvolumes.
func (d Driver) wholly(src Files) (at string, err error) {
	options := d.Mounts[0].Quiet
	if d.subvolumes {
		options = strings.TrimPrefix(options+",subvolid=5", ",")
	}
	return src.Mount(d.Mounts[0].FS, options)
}

// roots returns the paths of directories that may be mounted at /: those at the top, and the snapshots in those that a
// program makes there for going back.
func (d Driver) roots(ctx context.Context, src Files) ([][]string, error) {
	at, err := d.wholly(src)
	if err != nil {
		return nil, err
	}
	below := func(dir ...string) (list [][]string) {
		entries, _, err := readMounted(ctx, at, dir)
		for _, e := range entries {
			if err == nil && e.Kind == report.FileDirectory && len(list) < mostRoots {
				list = append(list, slices.Concat(dir, []string{e.Exact()}))
			}
		}
		return list
	}
	top := below()
	for _, dir := range top {
		for _, s := range below(append(slices.Clone(dir), ".snapshots")...) {
			top = append(top, append(s, "snapshot"))
		}
	}
	return top[:min(len(top), mostRoots)], nil
}

// mountedText reads a text file in the file system, which the kernel mounts.
func (d Driver) mountedText(_ context.Context, src Files, names []string) (text string, err error) {
	at, err := d.wholly(src)
	if err != nil {
		return "", err
	}
	f, err := openFileBelow(at, names)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if about, err := f.Stat(); err != nil || !about.Mode().IsRegular() {
		return "", errors.Join(errors.New("it is not a file"), err)
	}
	b, err := io.ReadAll(io.LimitReader(f, mostText))
	return string(b), err
}

// textDebugfs reads a text file in an ext file system. The names must not hold characters that are special in a command of
// debugfs.
func textDebugfs(ctx context.Context, src Files, names []string) (string, error) {
	window, err := src.Window()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	argv := []string{"debugfs", "-c", "-R", "cat /" + strings.Join(names, "/"), window}
	result, err := Query(ctx, "e2fsprogs", nil, argv, func(line string) {
		if b.Len()+len(line) < mostText {
			b.WriteString(line + "\n")
		}
	})
	if err == nil && result.Exit != 0 {
		err = fmt.Errorf("debugfs ended with %d", result.Exit)
	}
	return b.String(), err
}
