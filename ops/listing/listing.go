// Package listing lists the files in a partition, directory by directory, to make sure that it is the one that is meant:
// names, sizes and dates, never contents. Nothing is written, and no link is followed.
//
// How a directory is read depends on what is in the partition:
//
//	ext4 with metadata checksums   go-diskfs, behind the checks of libraryReadsExt; else, or if it fails, debugfs
//	ext2, ext3, older ext4         debugfs
//	FAT                            go-diskfs, behind the checks of libraryReadsFAT; else, or if it fails, mdir
//	NTFS                           ntfsls
//	squashfs                       unsquashfs
//	XFS, btrfs and others          the kernel, mounted read-only in the reader's own mount namespace, for root
//
// A file system can be made to harm its reader. go-diskfs can overflow the stack, run forever or take all memory on a
// damaged one, which nothing in the same process can stop, so Read must be called in a process of its own with limits on
// memory, time and stack; tools inherit these. Whoever started it can ask again with Plain if it died.
//
// The package may import geometry, model, model/scan/extfs, the root of ops, ops/window/tool and go-diskfs's readers.
package listing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/scan/extfs"
	"shunt/ops"
)

// MostEntries is how many entries of a directory are listed.
const MostEntries = 10_000

// Source is the file system to be listed.
type Source struct {
	// Base is the target; the file system is its bytes [Off, Off+Len).
	Base     io.ReaderAt
	Off, Len int64
	Kind     model.FSKind
	// Window is the path of a file with just these bytes, for tools.
	Window func() (path string, err error)
	// Mount mounts the file system read-only, with options of its type, for as long as this process lives.
	Mount func(fstype, options string) (dir string, err error)
	// Plain leaves out go-diskfs.
	Plain bool
}

// reader lists one directory, given by the names that lead to it. Entries come in any order; "." and ".." may be among them.
// more says that it stopped at MostEntries.
type reader func(ctx context.Context, src Source, dir []string) (entries []ops.FileEntry, more bool, err error)

// way is a reader with the name it is told by.
type way struct {
	name string
	read reader
}

// ErrNoDirectory is wrapped by the error for a directory that is not there.
var ErrNoDirectory = errors.New("there is no such directory")

// Read lists the directory at the exact path dir; "" and "/" are the root. The error says what to do if something can be
// done about it.
func Read(ctx context.Context, src Source, dir string) (ops.Listing, error) {
	names, err := split(dir)
	list := ops.Listing{Path: safetext.Printable("/" + strings.Join(names, "/")), Entries: []ops.FileEntry{}}
	if err != nil {
		return list, err
	}
	ways, err := waysInto(src)
	if err != nil {
		return list, err
	}
	list.Notes = doubts(src)
	var failed []error
	for _, w := range ways {
		entries, more, err := w.read(ctx, src, names)
		if err == nil || errors.Is(err, ErrNoDirectory) {
			list.By, list.Entries, list.More = w.name, sorted(entries), more
			if err != nil {
				err = fmt.Errorf("%s: %w", list.Path, err)
			}
			return list, err
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return list, failed[len(failed)-1] // the readers before it were only shorter ways
}

// split is the names of a path. Neither "." nor ".." is looked up on the disk.
func split(path string) ([]string, error) {
	const longest = 4096
	if len(path) > longest {
		return nil, fmt.Errorf("the path is longer than %d bytes", longest)
	}
	var names []string
	for name := range strings.SplitSeq(path, "/") {
		switch {
		case name == "" || name == ".":
		case name == "..":
			names = names[:max(0, len(names)-1)]
		case strings.ContainsRune(name, 0):
			return nil, errors.New("the path holds a NUL byte")
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// sorted is the entries by name, without those for the directory itself and the one above.
func sorted(entries []ops.FileEntry) []ops.FileEntry {
	entries = slices.DeleteFunc(entries, func(e ops.FileEntry) bool { return e.Name == "." || e.Name == ".." })
	slices.SortStableFunc(entries, func(a, b ops.FileEntry) int { return cmp.Compare(a.Exact(), b.Exact()) })
	if entries == nil {
		entries = []ops.FileEntry{}
	}
	return entries
}

// waysInto are the readers for a file system, the best first.
func waysInto(src Source) ([]way, error) {
	mounted := way{"the kernel, mounted read-only", readMounted}
	switch src.Kind {
	case model.Ext2, model.Ext3, model.Ext4:
		ways := []way{{"debugfs", readDebugfs}}
		if !src.Plain && libraryReadsExt(src) == nil {
			ways = append([]way{{"go-diskfs", readExtLibrary}}, ways...)
		}
		return ways, nil
	case model.FAT12, model.FAT16, model.FAT32:
		ways := []way{{"mdir", readMdir}}
		if !src.Plain && libraryReadsFAT(src) == nil {
			ways = append([]way{{"go-diskfs", readFATLibrary}}, ways...)
		}
		return ways, nil
	case model.NTFS:
		return []way{{"ntfsls", readNtfsls}}, nil
	case model.SquashFS:
		return []way{{"unsquashfs", readUnsquashfs}}, nil
	case model.XFS, model.Btrfs, model.F2FS, model.ExFAT, model.ISO9660, "nilfs2", "udf", "jfs", "reiserfs", "erofs":
		return []way{mounted}, nil
	case model.Unformatted:
		return nil, errors.New("there is no file system in it that shunt knows")
	case model.Swap, model.SwSuspend:
		return nil, errors.New("swap space holds no files")
	case model.LUKS, "bitlocker":
		return nil, errors.New("it is encrypted: what is in it can only be seen when it is unlocked")
	case model.LVM2:
		return nil, errors.New("it is a physical volume of LVM: the files are in its logical volumes")
	case "raid":
		return nil, errors.New("it is a member of a RAID array: the files are in the array")
	}
	return nil, fmt.Errorf("shunt has nothing that lists the files in %s", src.Kind)
}

// doubts are why a listing may not tell what is there.
func doubts(src Source) []string {
	switch src.Kind {
	case model.Ext2, model.Ext3, model.Ext4:
		b := make([]byte, extfs.SuperblockSize)
		if n, _ := src.Base.ReadAt(b, src.Off+extfs.SuperblockOffset); n < len(b) {
			return nil
		}
		sb, err := extfs.Parse(b)
		switch dirty := sb.Dirty(); {
		case err != nil || dirty == "":
		case sb.Incompat&extfs.IncompatRecover != 0:
			return []string{"the journal needs recovery: the latest changes are not in this listing"}
		default:
			return []string{"the file system " + dirty + ": this listing may be wrong"}
		}
	}
	return nil
}
