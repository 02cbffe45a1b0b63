package fsys

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model/scan/fatfs"
	"shunt/model/tried"
)

// fatMove changes the geometry of a FAT volume. Clusters keep their place on the medium where they can:
//
//	grow, when the FATs get longer     shrink
//	├─ FATs ┼ 2 ┼ 3 ┼ 4 ┼ 5 ┤          ├─ FATs ┼ 2 ┼ 3 ┼ 4 ┼ 5 ┤
//	├─── FATs ──┼ 2 ┼ 3 ┼ 4 ┼ 5 ┤      ├─ FATs ┼ 2 ┼ 3 ┤
//
// Clusters that are in the way of longer FATs or beyond the new end move to free clusters: the k-th of them to the k-th
// free cluster. If the FATs get longer by shift clusters, all cluster numbers become smaller by shift.
//
// Cluster numbers are old ones unless a comment says new.
type fatMove struct {
	f         Window
	old, to   fatfs.Volume
	shift     int64
	from, end int64       // [from, end) are the clusters that must go
	start     int64       // the first cluster that stays or is added
	used      *clusterSet // clusters with data, and bad ones that remain in the volume
	holding   int64       // how many clusters hold data
	bad       int64       // how many bad ones stay
}

// planFATMove reads the FAT and decides where each cluster goes. It writes nothing.
func planFATMove(ctx context.Context, f Window, old, to fatfs.Volume) (*fatMove, error) {
	const first = fatfs.FirstCluster
	n := old.Clusters() + first
	m := &fatMove{f: f, old: old, to: to, shift: old.Shift(to), used: newClusterSet(n)}
	m.start = first + m.shift
	m.from, m.end = first, min(n, m.start)
	if m.shift == 0 {
		m.from, m.end = min(n, first+to.Clusters()), n
	}
	table := newFATReader(f, old)
	for c := int64(first); c < n; c++ {
		if c%fatPiece == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e, err := table.get(c)
		if err != nil {
			return nil, err
		}
		next := e.number()
		switch {
		case e.free():
		case e.bad():
			if !m.goes(c) {
				m.used.add(c)
				m.bad++
			} else if m.shift > 0 {
				return nil, fmt.Errorf("cluster %d is marked as bad, and the FATs would have to go there: "+
					"leave the partition as it is and copy the files to a new one", c)
			}
		case !e.last() && (next < first || next >= n):
			return nil, fmt.Errorf("cluster %d is followed by cluster %d, which does not exist: %w", c, next, errFATDamaged)
		default:
			m.used.add(c)
			m.holding++
		}
	}
	m.used.seal()
	if m.holding > to.Clusters()-m.bad {
		least := geometry.Bytes(old.MinSize(m.holding + m.bad))
		return nil, &TooSmallError{Least: least, Err: errors.New("its files do not fit")}
	}
	return m, nil
}

// goes reports whether a cluster must move.
func (m *fatMove) goes(c int64) bool { return c >= m.from && c < m.end }

// target returns the new number of the k-th cluster that moves.
func (m *fatMove) target(k int64) int64 { return m.used.gap(m.start, k) - m.shift }

// number returns the new number of a used cluster.
func (m *fatMove) number(c int64) (int64, error) {
	if !m.used.has(c) {
		return 0, fmt.Errorf("cluster %d does not exist or is free, but something refers to it: %w", c, errFATDamaged)
	}
	if m.goes(c) {
		return m.target(m.used.before(c) - m.used.before(m.from)), nil
	}
	return c - m.shift, nil
}

// moveData copies the clusters that must move. It only writes to clusters that were free or lie beyond the old end, so no
// data is overwritten.
func (m *fatMove) moveData(ctx context.Context) error {
	size := m.old.ClusterSize()
	var from, to, run int64 // a run of clusters that is copied as a whole
	flush := func() error {
		if run == 0 {
			return nil
		}
		return copyWithin(m.f, m.old.ClusterAt(from), m.to.ClusterAt(to), run*size)
	}
	start := m.start
	for c := m.from; c < m.end; c++ {
		if !m.used.has(c) {
			continue
		}
		at := m.used.gap(start, 0)
		start = at + 1
		if run > 0 && c == from+run && at-m.shift == to+run {
			run++
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		from, to, run = c, at-m.shift, 1
	}
	return flush()
}

// writeFATs writes all FATs. The old FATs must not be used afterwards. The new first FAT overwrites the old ones from
// their start on, and each entry is written at or before the place from which it was read. Entries that are needed later,
// but would be overwritten first, are kept in memory.
func (m *fatMove) writeFATs(ctx context.Context) error {
	const first = fatfs.FirstCluster
	stay, leave := newFATReader(m.f, m.old), newFATReader(m.f, m.old)
	if m.shift > 0 {
		head := make([]byte, min(m.old.FATLen(m.end-first), m.old.FATSectors*m.old.SectorSize))
		if err := readFull(leave.r, head, 0); err != nil {
			return tried.Errorf("read the FAT: %w", err)
		}
		leave.r, leave.n = bytes.NewReader(head), m.end
	}
	bits, kind := m.to.EntryBits(), m.to.Kind
	length, next := m.to.FATSectors*m.to.SectorSize, m.from
	room := make([]byte, fatPiece*bits/8+2) // an entry of FAT12 may extend beyond its piece
	old := make([]byte, len(room))
	for at := int64(0); at*bits/8 < length; at += fatPiece {
		if err := ctx.Err(); err != nil {
			return err
		}
		piece := room[:min(fatPiece*bits/8, length-at*bits/8)+2]
		clear(piece)
		for c := at; c < min(at+fatPiece, m.to.Clusters()+first); c++ {
			e, err := m.entry(c, stay, leave, &next)
			if err != nil {
				return err
			}
			setEntry(piece, kind, c-at, e)
		}
		n := len(piece) - 2
		if err := writeOver(m.f, piece[:n], old[:n], m.to.FATAt(0)+at*bits/8); err != nil {
			return tried.Errorf("write the FAT: %w", err)
		}
	}
	for i := int64(1); i < m.to.Copies; i++ {
		if err := copyWithin(m.f, m.to.FATAt(0), m.to.FATAt(i), length); err != nil {
			return tried.Errorf("write copy %d of the FAT: %w", i+1, err)
		}
	}
	return nil
}

// entry returns the entry of the new FAT for a new cluster number. stay reads the entries of clusters that keep their
// place, leave those of clusters that move. *next is the first moved cluster that has no entry yet.
func (m *fatMove) entry(c int64, stay, leave *fatReader, next *int64) (fatEntry, error) {
	if c < fatfs.FirstCluster {
		return stay.get(c)
	}
	var e fatEntry
	var err error
	switch was := c + m.shift; {
	case m.used.has(was):
		e, err = stay.get(was)
	default:
		for *next < m.end && !m.used.has(*next) {
			*next++
		}
		if *next == m.end {
			return fatEntry{mask: fatMask(m.to.Kind)}, nil
		}
		e, err = leave.get(*next)
		*next++
	}
	if err != nil || e.last() || e.bad() {
		return e, err
	}
	number, err := m.number(e.number())
	if err != nil {
		return e, err
	}
	return e.with(number), nil
}

// moveTables writes the FATs and, for FAT12 and FAT16, puts the root directory behind them. Clusters in their way must
// already have been moved.
func (m *fatMove) moveTables(ctx context.Context) error {
	root := make([]byte, m.old.RootSectors()*m.old.SectorSize)
	if err := readFull(m.f, root, m.old.RootStart()*m.old.SectorSize); err != nil {
		return tried.Errorf("read the root directory: %w", err)
	}
	if err := m.writeFATs(ctx); err != nil {
		return err
	}
	if err := writeChanged(m.f, root, m.to.RootStart()*m.to.SectorSize); err != nil {
		return tried.Errorf("write the root directory: %w", err)
	}
	return nil
}
