package txn

import "shunt/ops/overlay"

// changesOf reads off an overlay what the target must become. unused are the bytes of the target that a file
// system held free before.
func changesOf(ov *overlay.Overlay, sizeBefore int64, unused ranges) changes {
	l := changes{sizeBefore: sizeBefore, sizeAfter: ov.Size(), unused: unused}
	var clear, freed []byteRange
	for e := range ov.Changed() {
		switch e.Kind {
		case overlay.Base:
			l.moves = append(l.moves, segment{dst: e.Off, src: e.Src, len: e.Len})
		case overlay.SpillKind:
			l.places = append(l.places, place{off: e.Off, src: e.Src, len: e.Len})
		case overlay.Zero:
			clear = append(clear, byteRange{e.Off, e.End()})
		case overlay.Free:
			freed = append(freed, byteRange{e.Off, e.End()})
		}
	}
	l.clear, l.freed = newRanges(append(clear, freed...)), newRanges(freed)
	return l
}
