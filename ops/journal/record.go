package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"shunt/model/tried"
)

// Errors that are returned when a journal is opened.
var (
	// ErrNone is returned when there is no committed transaction: no journal, or one without a record.
	ErrNone = errors.New("no unfinished transaction")
	// ErrDamaged is returned when the journal's own checksums do not match. It is never replayed.
	ErrDamaged = errors.New("journal is damaged")
	// ErrKeptDamaged is returned when the transaction is complete and what was kept to undo it fails its checksums. The
	// target is fine; the transaction cannot be undone.
	ErrKeptDamaged = errors.New("what was kept to undo the last transaction is damaged")
	// ErrVersion is returned when the journal was written by a version of shunt with another format.
	ErrVersion = errors.New("journal has another format version")
)

const (
	version     = 1
	recordLen   = 128
	copySpacing = 4096
	slotSpacing = 2 * copySpacing
	programOff  = 2 * slotSpacing
)

var (
	magic      = []byte("SHUNTJNL")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

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

// Record is the transaction's position.
type Record struct {
	Seq       uint64
	Direction Direction
	State     State
	// Next is the first unit that is not known to be done, in the order of the direction.
	Next uint32
	// From is, when rolling back, the forward unit that was in doubt when the roll back began.
	From       uint32
	ProgramLen uint64
	ProgramSum [sha256.Size]byte
	Seal       SealMark // of a transaction that is or was Kept
}

func (r Record) encode() []byte {
	b := make([]byte, recordLen)
	copy(b, magic)
	binary.BigEndian.PutUint32(b[8:], version)
	b[12], b[13] = byte(r.Direction), byte(r.State)
	binary.BigEndian.PutUint64(b[16:], r.Seq)
	binary.BigEndian.PutUint32(b[24:], r.Next)
	binary.BigEndian.PutUint32(b[28:], r.From)
	binary.BigEndian.PutUint64(b[32:], r.ProgramLen)
	copy(b[40:], r.ProgramSum[:])
	binary.BigEndian.PutUint64(b[72:], r.Seal.Len)
	copy(b[80:], r.Seal.Sum[:])
	binary.BigEndian.PutUint32(b[recordLen-4:], crc32.Checksum(b[:recordLen-4], castagnoli))
	return b
}

type copyState int

const (
	copyBlank copyState = iota
	copyValid
	copyInvalid
)

func decodeRecord(b []byte) (Record, copyState, error) {
	if bytes.Equal(b, make([]byte, len(b))) {
		return Record{}, copyBlank, nil
	}
	b = b[:recordLen]
	if crc32.Checksum(b[:recordLen-4], castagnoli) != binary.BigEndian.Uint32(b[recordLen-4:]) || !bytes.Equal(b[:8], magic) {
		return Record{}, copyInvalid, nil
	}
	if v := binary.BigEndian.Uint32(b[8:]); v != version {
		return Record{}, copyInvalid, fmt.Errorf("%w: it is %d, this program reads %d; use the shunt that wrote it", ErrVersion, v, version)
	}
	r := Record{
		Direction:  Direction(b[12]),
		State:      State(b[13]),
		Seq:        binary.BigEndian.Uint64(b[16:]),
		Next:       binary.BigEndian.Uint32(b[24:]),
		From:       binary.BigEndian.Uint32(b[28:]),
		ProgramLen: binary.BigEndian.Uint64(b[32:]),
	}
	copy(r.ProgramSum[:], b[40:])
	r.Seal.Len = binary.BigEndian.Uint64(b[72:])
	copy(r.Seal.Sum[:], b[80:])
	if r.Direction > Backward || r.State > Kept {
		return Record{}, copyInvalid, nil
	}
	return r, copyValid, nil
}

// slotOff is where copy c of slot s (both 0 or 1) begins.
func slotOff(s, c int) int64 { return int64(s*slotSpacing + c*copySpacing) }

// newestRecord finds the record the transaction stands at.
//
// A slot is written as two copies in one write. A crash tears at most the sector in flight, so it leaves in
// a slot an older or newer valid copy, or blank space if the slot was never written before. Two copies that
// are both damaged therefore come from somewhere else, and which of the two slots was the newer can then not
// be told: going on from the older record could repeat a unit that must not be repeated.
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
			r, state, err := decodeRecord(b)
			switch {
			case err != nil:
				return Record{}, err
			case state == copyInvalid:
				invalid++
			case state == copyValid && r.Seq > newest.Seq:
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
