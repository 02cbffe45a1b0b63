package txn

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"shunt/model/tried"
	"shunt/ops/journal"
)

// block is how much content is read, checked and written at a time, in bytes.
const block = 4 << 20

// contents holds the files that the writes of a program take their bytes from.
type contents struct {
	spill, before, stage journal.File
	stageLen             int64
	checked              bool // skip a copy whose destination already matches its checksum
}

// runUnit does the writes of one unit and makes them durable. The direction decides whether a fault is named by the
// planned partitions or by those before.
func (c contents) runUnit(dev Device, u journal.Unit, d journal.Direction) error {
	wrote, staged := false, false
	for _, op := range u.Ops {
		if what, err := c.runOp(dev, op); err != nil {
			return faultOf(dev, what, op, d, err)
		}
		staged = staged || op.Kind == journal.OpStage
		wrote = wrote || op.Kind != journal.OpStage
	}
	if staged {
		if err := c.stage.Sync(); err != nil {
			return &FaultError{What: "sync the journal's stage file for", Err: err}
		}
	}
	if wrote {
		if err := dev.Sync(); err != nil {
			return &FaultError{What: "sync", Err: err}
		}
	}
	return nil
}

// faultOf describes a failed write. It blames the source of a copy if that cannot be read, else the destination.
func faultOf(dev Device, what string, op journal.Op, d journal.Direction, err error) error {
	if errors.As(err, new(*FaultError)) {
		return err
	}
	fault := &FaultError{What: what, Off: op.Off, Len: op.Len, Err: err, planned: d == journal.Forward}
	if op.Kind == journal.OpCopy || op.Kind == journal.OpStage {
		off, n, found := findUnreadable(dev, op.Src, op.Len, err)
		if found || op.Kind == journal.OpStage {
			fault.Off, fault.Len, fault.planned = off, n, d == journal.Backward
		}
		if found {
			fault.What = "read"
		}
	}
	return fault
}

// runOp does one write. what names the action that failed.
func (c contents) runOp(dev Device, op journal.Op) (what string, err error) {
	if c.checked && op.Check != 0 {
		if copied, err := isCopied(dev, op); copied || err != nil {
			return "compare", err
		}
	}
	switch op.Kind {
	case journal.OpCopy:
		return "copy", dev.Copy(op.Off, op.Src, op.Len)
	case journal.OpStage:
		return "stage", c.stageIn(dev, op)
	case journal.OpUnstage:
		return "write staged", c.stageOut(dev, op)
	case journal.OpPlace:
		return "write", writeContent(dev, c.spill, op)
	case journal.OpRestore:
		return "restore", writeContent(dev, c.before, op)
	case journal.OpZero:
		return "clear", zero(dev, op)
	case journal.OpSize:
		if dev.Size() == op.Len {
			return "", nil
		}
		return "set the size to", dev.Truncate(op.Len)
	case journal.OpExchange:
		n, ok := dev.(named)
		if !ok {
			return "understand", fmt.Errorf("%w: it exchanges two files, and this target has only one", journal.ErrDamaged)
		}
		return "give the other file the name of", n.exchange(op)
	case journal.OpReserve:
		return "allocate room for", reserve(dev, op.Off, op.Len)
	}
	return "understand", fmt.Errorf("%w: write of kind %d", journal.ErrDamaged, op.Kind)
}

// isCopied reports whether the destination of a copy already holds the right bytes. A roll back after a failed
// verification asks this first: where the old place is still whole, it must not be overwritten with damaged bytes.
func isCopied(dev Device, op journal.Op) (bool, error) {
	if op.Kind != journal.OpCopy && op.Kind != journal.OpUnstage || op.Off+op.Len > dev.Size() {
		return false, nil
	}
	sum, err := sumOf(dev, op.Off, op.Len)
	return err == nil && sum == op.Check, err
}

// sumOf returns the checksum of a run of the target.
func sumOf(dev Device, off, n int64) (uint32, error) {
	var sum uint32
	err := eachBlock(n, func(buf []byte, at int64) error {
		if _, err := dev.ReadAt(buf, off+at); err != nil {
			return readFault(dev, off+at, int64(len(buf)), err)
		}
		sum = journal.AddSum(sum, buf)
		return nil
	})
	return sum, err
}

// sumAt returns the checksum of a run of a journal file.
func sumAt(from io.ReaderAt, off, n int64) (uint32, error) {
	var sum uint32
	err := eachBlock(n, func(buf []byte, at int64) error {
		_, err := from.ReadAt(buf, off+at)
		sum = journal.AddSum(sum, buf)
		return err
	})
	return sum, err
}

// zero clears the part of a range that lies within the target, which may have been cut already.
func zero(dev Device, op journal.Op) error {
	n := min(op.Len, dev.Size()-op.Off)
	if n <= 0 {
		return nil
	}
	return dev.Punch(op.Off, n)
}

// writeContent writes content from a journal file to the target. It checks the checksum of the whole run before it writes
// the first byte.
func writeContent(dev Device, from journal.File, op journal.Op) error {
	if err := verify(from, op); err != nil {
		return err
	}
	return eachBlock(op.Len, func(buf []byte, at int64) error {
		if _, err := from.ReadAt(buf, op.Src+at); err != nil {
			return tried.Errorf("read the journal's content: %w", err)
		}
		_, err := dev.WriteAt(buf, op.Off+at)
		return err
	})
}

// verify checks content against the checksum in the program.
func verify(from journal.File, op journal.Op) error {
	sum, err := sumAt(from, op.Src, op.Len)
	if err != nil {
		return tried.Errorf("read the journal's content: %w", err)
	}
	if sum != op.Sum {
		return fmt.Errorf("%w: content for offset %d fails its checksum", journal.ErrDamaged, op.Off)
	}
	return nil
}

// stageIn copies a run of the target into the stage file, and its checksum behind the stage's data.
func (c contents) stageIn(dev Device, op journal.Op) error {
	var sum uint32
	err := eachBlock(op.Len, func(buf []byte, at int64) error {
		if _, err := dev.ReadAt(buf, op.Src+at); err != nil {
			return err
		}
		sum = journal.AddSum(sum, buf)
		if _, err := c.stage.WriteAt(buf, op.Off+at); err != nil {
			return tried.Errorf("write the journal's stage file: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	ticket := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, sum), ^sum)
	if _, err = c.stage.WriteAt(ticket, c.stageLen+8*int64(op.Sum)); err != nil {
		return tried.Errorf("write the journal's stage file: %w", err)
	}
	return nil
}

// stageOut copies a run from the stage file to the target, if it matches the checksum that stageIn wrote.
func (c contents) stageOut(dev Device, op journal.Op) error {
	ticket := make([]byte, 8)
	if _, err := c.stage.ReadAt(ticket, c.stageLen+8*int64(op.Sum)); err != nil {
		return tried.Errorf("read the journal's stage file: %w", err)
	}
	sum := binary.BigEndian.Uint32(ticket)
	if binary.BigEndian.Uint32(ticket[4:]) != ^sum {
		return fmt.Errorf("%w: checksum %d of the stage file is damaged", journal.ErrDamaged, op.Sum)
	}
	op.Sum = sum
	return writeContent(dev, c.stage, op)
}

// eachBlock cuts n bytes into blocks and calls do for each, with a buffer of the block's length and its offset.
func eachBlock(n int64, do func(buf []byte, at int64) error) error {
	buf := make([]byte, min(n, block))
	for at := int64(0); at < n; at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), n-at)]
		if err := do(buf, at); err != nil {
			return err
		}
	}
	return nil
}

// verifyContents checks all content that the program may still have to write, before anything is written. Without a spill
// file it checks only what a roll back needs.
func verifyContents(c contents, p journal.Program) error {
	for _, op := range p.Writes() {
		if op.Kind == journal.OpPlace && c.spill != nil {
			if err := verify(c.spill, op); err != nil {
				return err
			}
		}
	}
	for _, op := range slices.Concat(p.RestoreData, p.RestoreTable, p.Refence) {
		if op.Kind == journal.OpRestore {
			if err := verify(c.before, op); err != nil {
				return err
			}
		}
	}
	return nil
}

// openContents opens the journal's content files. A roll back needs no spill file.
func openContents(store journal.Store, p journal.Program, how Direction) (contents, error) {
	c := contents{stageLen: p.StageLen, checked: p.Options.Has(journal.Verify) && how == RollBack}
	var err error
	if how == Finish {
		if c.spill, err = store.Open(journal.SpillName); err != nil {
			return c, err
		}
	}
	if c.before, err = store.Open(journal.BeforeName); err != nil {
		return c, errors.Join(err, c.close())
	}
	if c.stage, err = store.Open(journal.StageName); err != nil {
		return c, errors.Join(err, c.close())
	}
	return c, nil
}

func (c contents) close() error {
	var errs []error
	for _, f := range []journal.File{c.spill, c.before, c.stage} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
