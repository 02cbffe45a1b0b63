package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"shunt/model/tried"
)

// The errors of opening a journal.
var (
	// ErrNone is returned when there is no committed transaction: there is no journal, or it has no record.
	ErrNone = errors.New("no unfinished transaction")
	// ErrDamaged is returned when the journal's checksums do not match. Such a journal is never replayed.
	ErrDamaged = errors.New("journal is damaged")
	// ErrKeptDamaged is returned when the transaction is complete and the files kept for its undo fail their checksums.
	// The target is fine; the transaction cannot be undone.
	ErrKeptDamaged = errors.New("the files kept to undo the last transaction are damaged")
	// ErrVersion is returned when the journal was written by a version of shunt with another format.
	ErrVersion = errors.New("journal has another format version")
)

const (
	magic       = "SHUNTJNL"
	version     = 1
	recordLen   = 128
	copySpacing = 4096
	slotSpacing = 2 * copySpacing
	programOff  = 2 * slotSpacing
)

var bigEndian = binary.BigEndian

// Direction says whether a transaction is being finished or rolled back.
type Direction uint8

// The directions.
const (
	Forward Direction = iota
	Backward
)

// State says whether units remain to be done.
type State uint8

// The states.
const (
	Running State = iota
	Complete
	Kept // complete, and the journal stays so that the transaction can be undone
)

// A Record is the transaction's position. The order and length of its fields are those of the stored record.
type Record struct {
	Direction Direction
	State     State
	_         [2]byte
	Seq       uint64
	// Next is the first unit that is not known to be done, in the order of the direction.
	Next uint32
	// From is the forward unit that may have been half done when the roll back began; 0 if none has begun.
	From       uint32
	ProgramLen uint64 // bytes
	ProgramSum [sha256.Size]byte
	Seal       SealMark // of a transaction that is or was Kept; while it is Running, of the state that it leads to, if that is known
	// Order says which transaction of a directory is the later one. Those with the numbers [Floor, Order) can be undone after
	// this one; all others are over once this one is committed. Older versions wrote 0 for both.
	Order, Floor uint32
}

func (r Record) encode() []byte {
	b := bigEndian.AppendUint32([]byte(magic), version)
	b, _ = binary.Append(b, bigEndian, r) // a Record has a fixed length
	b = append(b, make([]byte, recordLen-4-len(b))...)
	return bigEndian.AppendUint32(b, Sum(b))
}

// decodeRecord reads one copy of a record. A blank copy is the zero Record.
func decodeRecord(b []byte) (Record, error) {
	var r Record
	if bytes.Equal(b, make([]byte, len(b))) {
		return r, nil
	}
	if string(b[:len(magic)]) != magic || Sum(b[:recordLen-4]) != bigEndian.Uint32(b[recordLen-4:]) {
		return r, ErrDamaged
	}
	if v := bigEndian.Uint32(b[8:]); v != version {
		return r, fmt.Errorf("%w: it is %d, this program reads %d; use the shunt that wrote it", ErrVersion, v, version)
	}
	_, err := binary.Decode(b[12:], bigEndian, &r)
	if err != nil || r.Direction > Backward || r.State > Kept {
		return Record{}, ErrDamaged
	}
	return r, nil
}

// slotOff returns the offset of copy c of slot s (both 0 or 1).
func slotOff(s, c int) int64 { return int64(s*slotSpacing + c*copySpacing) }

// newestRecord returns the record with the transaction's position.
//
// A slot is written as two copies in one write. A crash tears at most the sector that is being written, so at least one
// copy stays valid or, if the slot was never used, blank. If both copies are damaged, the cause is unknown, and so is
// which of the two slots was the newer one. Going on from the older record could repeat a unit that must not be repeated.
func newestRecord(f File) (Record, error) {
	size, err := f.Size()
	if err != nil {
		return Record{}, tried.Errorf("read journal: %w", err)
	}
	if size < programOff {
		return Record{}, ErrNone
	}
	var newest Record
	damaged := false
	for slot := range 2 {
		invalid := 0
		for c := range 2 {
			b := make([]byte, 512)
			if _, err := f.ReadAt(b, slotOff(slot, c)); err != nil {
				return Record{}, tried.Errorf("read journal: %w", err)
			}
			r, err := decodeRecord(b)
			switch {
			case errors.Is(err, ErrDamaged):
				invalid++
			case err != nil:
				return Record{}, err
			case r.Seq > newest.Seq:
				newest = r
			}
		}
		damaged = damaged || invalid == 2
	}
	switch {
	case damaged:
		return Record{}, fmt.Errorf("%w: both copies of a record fail their checksum", ErrDamaged)
	case newest.Seq == 0:
		return Record{}, ErrNone
	}
	return newest, nil
}
