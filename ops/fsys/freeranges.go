package fsys

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sort"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/scan/extfs"
	"shunt/model/tried"
	"shunt/ops/overlay"
)

const (
	// minFree is the length in bytes of the shortest run that is worth leaving out of a copy.
	minFree = 64 << 10
	// maxFree limits the number of ranges. If a large, fragmented file system has more, short ones are dropped.
	maxFree = 1 << 17
	// maxMetadata limits the runs of metadata that are kept in memory. Only a file system far larger than 16 TiB with the
	// smallest blocks has more.
	maxMetadata = 1 << 20
)

// errDoubt is returned by drivers when their numbers contradict each other. Everything must then be copied.
var errDoubt = errors.New("the free space is not certain")

// FreeRanges returns the free ranges of the file system in the n bytes at off of r, which a move need not copy. They are
// relative to off, ordered, at least 64 KiB long, and do not touch each other.
//
// The list is empty if the driver cannot find free blocks, and if there is any doubt: if the file system is not clean,
// has an unknown feature, or if its checksums, counts and metadata do not all agree. Missing a free block costs time;
// mistaking a used block for free would cost data. An error is always an I/O error.
func FreeRanges(r io.ReaderAt, kind model.FSKind, off, n int64) ([]overlay.Range, error) {
	return freeRanges(r, kind, off, n, minFree)
}

// EveryFree is like FreeRanges, with ranges of any length as long as they are not too many.
func EveryFree(r io.ReaderAt, kind model.FSKind, off, n int64) ([]overlay.Range, error) {
	return freeRanges(r, kind, off, n, 1)
}

func freeRanges(r io.ReaderAt, kind model.FSKind, off, n, shortest int64) ([]overlay.Range, error) {
	d := Of(kind)
	if d.free == nil {
		return nil, nil
	}
	found := scan.Probe(r, off, n)
	whole := found.Elsewhere == model.WholeHere && found.Also == "" && int64(found.Size) <= n
	if found.Kind != kind || !found.Dirty.OK() || found.Trait != model.NoTrait || !whole {
		return nil, nil
	}
	list := &freeList{shortest: shortest}
	if err := d.free(io.NewSectionReader(r, off, n), found, list); err != nil {
		if errors.Is(err, errDoubt) {
			return nil, nil
		}
		return nil, tried.Errorf("find the free blocks of %s: %w", kind, err)
	}
	return list.done(), nil
}

// FreeCertain reports whether the free ranges of a kind of file system need no second opinion. Those of any other must be
// used only if the file system's own tool finds it in order: if the map of its blocks and its files contradict each other,
// a block that is called free may belong to a file.
func FreeCertain(kind model.FSKind) bool { return Of(kind).certain }

// SpareRanges returns the free ranges like FreeRanges, and those parts of the file system's own tables that were never
// used. They all may be made zero, and none of them may be left with other contents.
func SpareRanges(r io.ReaderAt, kind model.FSKind, off, n int64) ([]overlay.Range, error) {
	free, err := FreeRanges(r, kind, off, n)
	spare := Of(kind).spare
	if err != nil || spare == nil || len(free) == 0 {
		return free, err
	}
	list := &freeList{shortest: minFree}
	if err := spare(io.NewSectionReader(r, off, n), list); err != nil {
		if errors.Is(err, errDoubt) {
			return free, nil
		}
		return nil, tried.Errorf("find the unused tables of %s: %w", kind, err)
	}
	return slices.Concat(free, list.done()), nil
}

// freeList collects free runs in ascending order.
type freeList struct {
	shortest  int64
	from, to  int64 // the run that may still grow, empty at first
	collected []overlay.Range
}

// add adds the free run [from, to), which must lie behind all earlier runs.
func (l *freeList) add(from, to int64) {
	if from == l.to && l.to > l.from {
		l.to = to
		return
	}
	l.flush()
	l.from, l.to = from, to
}

func (l *freeList) flush() {
	if l.to-l.from >= l.shortest {
		l.collected = append(l.collected, overlay.Range{Off: l.from, Len: l.to - l.from})
	}
	for len(l.collected) > maxFree {
		l.shortest *= 2
		kept := l.collected[:0]
		for _, r := range l.collected {
			if r.Len >= l.shortest {
				kept = append(kept, r)
			}
		}
		l.collected = kept
	}
	l.from, l.to = 0, 0
}

// touches reports whether a byte of [from, to) is in a run that was added and not dropped for being short.
func (l *freeList) touches(from, to int64) bool {
	if max(from, l.from) < min(to, l.to) {
		return true
	}
	i := sort.Search(len(l.collected), func(i int) bool { return l.collected[i].End() > from })
	return i < len(l.collected) && l.collected[i].Off < to
}

// zeroBits finds the runs of zeros in a bitmap of n bits that is read in pieces. The lowest bit of a byte comes first.
type zeroBits struct {
	n, at int64 // at is the first bit that was not read yet
	add   func(from, to int64)
}

// read reads the next piece. Bits behind the last one are left out.
func (z *zeroBits) read(piece []byte) {
	const word = 8
	count := min(int64(len(piece))*8, z.n-z.at)
	if rest := len(piece) % word; rest != 0 {
		piece = append(bytes.Clone(piece), make([]byte, word-rest)...)
	}
	if count > 0 {
		for from, to := range zeroRuns(piece, uint64(count)) {
			z.add(z.at+int64(from), z.at+int64(to))
		}
		z.at += count
	}
}

func (l *freeList) done() []overlay.Range {
	l.flush()
	return l.collected
}

// These features do not change the meaning of the block bitmaps. Compatible features never do.
const (
	knownIncompat = extfs.IncompatFiletype | extfs.IncompatMetaBG | extfs.IncompatExtents | extfs.Incompat64Bit |
		extfs.IncompatMMP | extfs.IncompatFlexBG | extfs.IncompatEAInode | extfs.IncompatCsumSeed |
		extfs.IncompatLargeDir | extfs.IncompatInlineData | extfs.IncompatEncrypt | extfs.IncompatCasefold
	knownROCompat = extfs.ROCompatSparseSuper | extfs.ROCompatLargeFile | extfs.ROCompatBtreeDir |
		extfs.ROCompatHugeFile | extfs.ROCompatGDTCsum | extfs.ROCompatDirNlink | extfs.ROCompatExtraIsize |
		extfs.ROCompatQuota | extfs.ROCompatBigalloc | extfs.ROCompatMetadataCsum | extfs.ROCompatReadonly |
		extfs.ROCompatProject | extfs.ROCompatVerity
)

// extFree adds the free blocks of the file system in r to the list.
func extFree(r *io.SectionReader, list *freeList) error {
	sb, err := readExt(r, 0)
	if err != nil {
		return err
	}
	if sb.Size() > r.Size() || sb.Incompat&^knownIncompat != 0 || sb.ROCompat&^knownROCompat != 0 {
		return errDoubt
	}
	e := extMap{sb: sb, r: r, list: list, bitmap: make([]byte, sb.BlockSize)}
	if err := e.findMetadata(); err != nil {
		return err
	}
	return e.eachGroup(e.addGroup)
}

func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
