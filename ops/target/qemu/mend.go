package qemu

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/tool"
)

// A daemon that is killed leaves some formats in need of a repair: their own marks say so. It loses nothing that was synced.

var _ target.Mended = (*file)(nil)

// Mended implements target.Mended.
func (f *file) Mended() []string { return f.mended }

// mendPatience is how long a repair may take. It reads the tables of the format, and not the disk.
const mendPatience = 10 * time.Minute

// mend repairs the image if the format's own marks ask for that. No daemon must run, and this process must hold the locks for
// editing.
func (f *file) mend() error {
	need, err := f.needsMending()
	if err != nil || need == "" {
		return err
	}
	if f.format == VDI {
		return f.mendedBy(need, f.mendVDI)
	}
	return f.mendedBy(need, f.repair)
}

// replay replays the log of a VHDX image. What is in it is a part of the disk, which cannot be read before.
func (f *file) replay() error {
	if f.format != VHDX {
		return errors.ErrUnsupported
	}
	need, err := f.openLog()
	if err == nil && need == "" {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return err
	}
	return f.mendedBy(need, f.repair)
}

// mendedBy repairs the image, and says so.
func (f *file) mendedBy(need string, mend func() error) error {
	if err := mend(); err != nil {
		return fmt.Errorf("%s %s, and it could not be repaired: %w", f.Given, need, err)
	}
	f.mended = append(f.mended, fmt.Sprintf("%s %s: it was repaired. What was on the disk is still there", f.Given, need))
	return nil
}

// repair has qemu-img repair the image.
func (f *file) repair() error {
	ctx, stop := context.WithTimeout(context.Background(), mendPatience)
	defer stop()
	result, err := f.check(ctx, "-r", "all")
	if absent, ok := errors.AsType[*tool.MissingError](err); ok {
		return &target.NeedsProgram{Path: f.Given, Format: f.format, Program: absent.Name, Package: checkerPack, Err: err}
	}
	// QEMU gives back no leaks of QED, which are harmless: no mark asks for a repair any more.
	if err == nil && result.Exit != checkClean && result.Exit != checkLeaks {
		err = errors.New(found(result))
	}
	return err
}

// needsMending says what the image asks for a repair for, or "".
func (f *file) needsMending() (string, error) {
	at := func(off, n int64) ([]byte, error) {
		b, err := part(f.Read, off, n)
		if err != nil {
			err = tried.Errorf("read %s: %w", f.Given, err)
		}
		return b, err
	}
	le := binary.LittleEndian
	const unclean = "was not closed cleanly"
	switch f.format {
	case Parallels: // QEMU's docs/interop/parallels.txt: at byte 44 whether it is in use
		const inUse = 0x746f6e59
		if b, err := at(44, 4); err != nil || le.Uint32(b) == inUse {
			return unclean, err
		}
	case QED: // docs/interop/qed_spec.txt: at byte 16 the features
		const needCheck = 2
		if b, err := at(16, 8); err != nil || le.Uint64(b)&needCheck != 0 {
			return unclean, err
		}
	case VDI:
		used, end, says, err := f.blocksOfVDI()
		if err == nil && used == end && used < says {
			return "counts a block that nothing uses", nil
		}
		return "", err
	}
	return "", nil
}

// openLog says that a VHDX image has a log that may have to be replayed, or "". Only qemu-img, which replays it, can tell
// whether there is anything in it. The source is Microsoft's VHDX Format Specification, 2.2.2: of two headers, at 64 and 128 KiB,
// the one with the higher number at byte 8 counts; it has the log's GUID at byte 48.
func (f *file) openLog() (string, error) {
	var newest uint64
	var guid []byte
	for _, off := range []int64{64 << 10, 128 << 10} {
		b, err := part(f.Read, off, 64)
		if err != nil {
			return "", tried.Errorf("read %s: %w", f.Given, err)
		}
		if number := binary.LittleEndian.Uint64(b[8:]); bytes.HasPrefix(b, []byte("head")) && number >= newest {
			newest, guid = number, b[48:]
		}
	}
	if len(bytes.Trim(guid, "\x00")) == 0 {
		return "", nil
	}
	return "has a log of changes that were under way", nil
}

// blocksOfVDI counts the blocks that a VDI image uses. end is where the last of them ends, in blocks, and says how many there
// are by its header. The places are those of QEMU's block/vdi.c, VdiHeader.
func (f *file) blocksOfVDI() (used, end, says int64, err error) {
	const chunk, entry, free = 1 << 20, 4, 0xfffffffe // from free on they are no block
	le := binary.LittleEndian
	head, err := part(f.Read, 0, 512)
	if err != nil {
		return 0, 0, 0, tried.Errorf("read %s: %w", f.Given, err)
	}
	at, left := int64(le.Uint32(head[340:])), int64(le.Uint32(head[384:]))*entry
	says = int64(le.Uint32(head[vdiAllocated:]))
	for left > 0 {
		b, err := part(f.Read, at, min(left, chunk))
		if err != nil {
			return 0, 0, 0, tried.Errorf("read the table of %s: %w", f.Given, err)
		}
		at, left = at+int64(len(b)), left-int64(len(b))
		for ; len(b) > 0; b = b[entry:] {
			if block := int64(le.Uint32(b)); block < free {
				used, end = used+1, max(end, block+1)
			}
		}
	}
	return used, end, says, nil
}

// endOfVDI returns where so many blocks end in the file.
func (f *file) endOfVDI(blocks int64) int64 {
	b, err := part(f.Read, 0, 512)
	if err != nil {
		return 0
	}
	le := binary.LittleEndian
	return int64(le.Uint32(b[344:])) + blocks*int64(le.Uint32(b[376:]))
}

// vdiAllocated is the place of the number of used blocks.
const vdiAllocated = 388

// mendVDI corrects the number of used blocks, which is written before the table. The blocks behind the last used one are free
// again.
func (f *file) mendVDI() error {
	used, _, _, err := f.blocksOfVDI()
	if err != nil {
		return err
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(used))
	w, err := f.Reopen(true)
	if err != nil {
		return err
	}
	_, err = w.WriteAt(b, vdiAllocated)
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(tried.Cause(err), w.Close())
}
