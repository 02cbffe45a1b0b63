package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Seal is the state in which a commit left its target: with anything else on it, undoing the transaction could do
// damage.
type Seal struct {
	// Modified is when the target was last written to, in nanoseconds since 1970; 0 where that is not known.
	Modified int64
	Probes   []Probe
}

// SealMark ties a record to the seal it was written with.
type SealMark struct {
	Len uint64
	Sum [sha256.Size]byte
}

// maxSeal is the longest seal, in bytes: enough for a target of 32 TiB that is all copied.
const maxSeal = 256 << 20

// SealLen is how long a seal with n probes is as stored, in bytes.
func SealLen(n int) int64 { return 8 + 8 + int64(n)*probeLen }

// encode is the time, the number of probes and the probes.
func (s Seal) encode() []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, s.Modified) // a buffer takes everything
	probes(&b, s.Probes)
	return b.Bytes()
}

// WriteSeal puts a seal on a side, durably. It counts once a record refers to it.
func WriteSeal(store Store, s Seal) (mark SealMark, err error) {
	f, err := store.Create(SealName)
	if err != nil {
		return mark, fmt.Errorf("create the seal: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	body := s.encode()
	if _, err := f.WriteAt(body, 0); err != nil {
		return mark, fmt.Errorf("write the seal: %w", err)
	}
	if err := errors.Join(f.Sync(), store.SyncDir()); err != nil {
		return mark, fmt.Errorf("sync the seal: %w", err)
	}
	return SealMark{Len: uint64(len(body)), Sum: sha256.Sum256(body)}, nil
}

// ReadSeal reads the seal that a record refers to. A seal that is missing or another one is an error that wraps
// ErrKeptDamaged.
func ReadSeal(store Store, mark SealMark) (Seal, error) {
	f, err := store.Open(SealName)
	if err != nil {
		return Seal{}, fmt.Errorf("%w: open the seal: %w", ErrKeptDamaged, err)
	}
	defer func() { _ = f.Close() }() // only read
	size, err := f.Size()
	if err != nil {
		return Seal{}, fmt.Errorf("read the seal: %w", err)
	}
	if uint64(size) != mark.Len {
		return Seal{}, fmt.Errorf("%w: the seal has %d bytes instead of %d", ErrKeptDamaged, size, mark.Len)
	}
	if size > maxSeal {
		return Seal{}, fmt.Errorf("%w: the seal is longer than any", ErrKeptDamaged)
	}
	// It is added up before it is kept: what is only claimed costs no memory.
	all := newSummed(f, 0, mark.Len)
	if _, err := io.Copy(io.Discard, all); err != nil {
		return Seal{}, fmt.Errorf("read the seal: %w", err)
	}
	if all.sum() != mark.Sum {
		return Seal{}, fmt.Errorf("%w: the seal fails its checksum", ErrKeptDamaged)
	}
	in := newSummed(f, 0, mark.Len)
	d := &decoder{in: bufio.NewReaderSize(in, 64<<10), left: size}
	s := Seal{Modified: d.i64(), Probes: d.probes(maxSeal / probeLen)}
	switch err := d.end(); {
	case d.cause != nil:
		return Seal{}, fmt.Errorf("read the seal: %w", d.cause)
	case err != nil:
		return Seal{}, fmt.Errorf("%w: seal: %w", ErrKeptDamaged, err)
	case in.sum() != mark.Sum: // somebody writes to it meanwhile
		return Seal{}, fmt.Errorf("%w: the seal fails its checksum", ErrKeptDamaged)
	}
	return s, nil
}
