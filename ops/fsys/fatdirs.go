package fsys

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"shunt/model"
	"shunt/model/scan/fatfs"
)

// An entry of a directory is 32 bytes long; integers are little-endian:
//
//	0   name (11); 0x00: the directory ends, 0xE5: deleted    20  first cluster, upper half (2), FAT32 only
//	11  attributes                                            26  first cluster, lower half (2)
//
// Except in the root directory, the first two entries are "." for the directory itself and ".." for its parent. An entry
// ".." has the cluster number 0 if the parent is the root.
const (
	fatDirEntry   = 32
	fatAttrVolume = 0x08
	fatAttrDir    = 0x10
	fatAttrLong   = 0x0F // all four low bits: a piece of a long name
)

// fatTree walks the directories of a FAT volume and replaces the cluster numbers in their entries by the new ones. It
// must run before any cluster is moved.
type fatTree struct {
	f       Window
	old     fatfs.Volume
	used    *clusterSet // clusters with data
	number  func(old int64) (fresh int64, err error)
	table   *fatReader
	seen    *clusterSet // clusters of directories
	pending []int64     // first clusters of directories still to be walked
}

// renumber replaces the cluster numbers in the entries of all directories.
func (m *fatMove) renumber(ctx context.Context) error {
	t := fatTree{f: m.f, old: m.old, used: m.used, number: m.number}
	return t.renumber(ctx)
}

func (t *fatTree) renumber(ctx context.Context) error {
	t.table, t.seen = newFATReader(t.f, t.old), newClusterSet(t.used.n)
	if t.old.Kind == model.FAT32 {
		if err := t.push(t.old.RootCluster); err != nil {
			return fmt.Errorf("the root directory: %w", err)
		}
	} else {
		root := t.old.RootStart() * t.old.SectorSize
		if _, err := t.entries(root, t.old.RootEntries*fatDirEntry); err != nil {
			return fmt.Errorf("the root directory: %w", err)
		}
	}
	for len(t.pending) > 0 {
		first := t.pending[len(t.pending)-1]
		t.pending = t.pending[:len(t.pending)-1]
		if err := t.directory(ctx, first); err != nil {
			return fmt.Errorf("the directory in cluster %d: %w", first, err)
		}
	}
	return nil
}

// push adds a directory to those that must still be walked. It fails if a directory comes up twice, because then the tree
// is damaged.
func (t *fatTree) push(first int64) error {
	if !t.used.has(first) || t.seen.has(first) {
		return fmt.Errorf("cluster %d cannot begin a directory here: %w", first, errFATDamaged)
	}
	t.seen.add(first)
	t.pending = append(t.pending, first)
	return nil
}

// directory renumbers the entries of one directory.
func (t *fatTree) directory(ctx context.Context, first int64) error {
	for c := first; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		end, err := t.entries(t.old.ClusterAt(c), t.old.ClusterSize())
		if err != nil || end {
			return err
		}
		e, err := t.table.get(c)
		if err != nil || e.last() {
			return err
		}
		if c = e.number(); c < fatfs.FirstCluster || t.seen.has(c) {
			return fmt.Errorf("it goes on in cluster %d, where another directory is: %w", c, errFATDamaged)
		}
		t.seen.add(c)
	}
}

// entries renumbers the entries in n bytes at off. end reports whether the directory ends there.
func (t *fatTree) entries(off, n int64) (end bool, err error) {
	b := make([]byte, n)
	if err := readFull(t.f, b, off); err != nil {
		return false, err
	}
	for at := int64(0); at+fatDirEntry <= n; at += fatDirEntry {
		e := b[at : at+fatDirEntry]
		if e[0] == 0 {
			end = true
			break
		}
		if err := t.entry(e); err != nil {
			return false, fmt.Errorf("entry %q: %w", bytes.ToValidUTF8(e[:11], []byte{'?'}), err)
		}
	}
	return end, writeChanged(t.f, b, off)
}

// entry renumbers one entry. If it is a directory, entry adds it to those that must still be walked.
func (t *fatTree) entry(e []byte) error {
	attr := e[11]
	if e[0] == 0xE5 || attr&0x3F == fatAttrLong || attr&fatAttrVolume != 0 {
		return nil
	}
	wide := t.old.Kind == model.FAT32
	first := int64(binary.LittleEndian.Uint16(e[26:]))
	if wide {
		first |= int64(binary.LittleEndian.Uint16(e[20:])) << 16
	}
	dots := bytes.Equal(e[:11], []byte(".          ")) || bytes.Equal(e[:11], []byte("..         "))
	if first == 0 && (dots || attr&fatAttrDir == 0) {
		return nil
	}
	if attr&fatAttrDir != 0 && !dots {
		if err := t.push(first); err != nil {
			return err
		}
	}
	number, err := t.number(first)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint16(e[26:], uint16(number))
	if wide {
		binary.LittleEndian.PutUint16(e[20:], uint16(number>>16))
	}
	return nil
}
