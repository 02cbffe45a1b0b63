package txn

import (
	"io"

	"shunt/model/bootcode"
	"shunt/model/tried"
	"shunt/ops"
)

// moveLoader tells a boot loader that has moved, and the boot code that loads it, its new place. The boot sector is part of
// the table's first sector: its new content is kept for the step that writes the table, so that both change at once.
func (r *Rehearsal) moveLoader(s ops.Step) error {
	const what = "tell the boot code the new place of the boot loader: %w"
	first, core := make([]byte, bootcode.SectorSize), make([]byte, bootcode.SectorSize)
	at := r.bytesOf(s.To).off
	if _, err := r.booting().ReadAt(first, 0); err != nil {
		return tried.Errorf(what, err)
	}
	if _, err := r.Overlay.ReadAt(core, at); err != nil {
		return tried.Errorf(what, err)
	}
	if err := bootcode.Retarget(first, core, s.From.Start, s.To.Start); err != nil {
		return tried.Errorf(what, err)
	}
	if _, err := r.Overlay.WriteAt(core, at); err != nil {
		return tried.Errorf(what, err)
	}
	r.boot = first
	return nil
}

// booting returns the target with the boot code that this rehearsal leaves.
func (r *Rehearsal) booting() io.ReaderAt { return booting{padded{r.Device}, r.boot} }

// booting is a disk with other bytes at its start.
type booting struct {
	io.ReaderAt
	first []byte
}

func (b booting) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.ReaderAt.ReadAt(p, off)
	if off < int64(len(b.first)) {
		copy(p, b.first[off:])
	}
	return n, err
}
