package journal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"shunt/model/tried"
)

// A Seal describes the state in which a commit left its target. If the target is in any other state, undoing the
// transaction could do damage.
type Seal struct {
	// Modified is when the target was last written to, in nanoseconds since 1970, or 0 if that is not known. Changed, Born
	// and Inode are the file's time of change, time of birth and inode. They are 0 where the host does not keep them, and
	// in seals of version 1.
	Modified, Changed, Born int64
	Inode                   uint64
	// Size is the length of the target in bytes, or 0 if it is that of the program, as in seals of versions 1 and 2.
	Size   int64
	Probes []Probe
}

// sealMagic, "\x80SEAL\x00\x00\x03", begins a seal of version 3, and sealMagic2 one of version 2. A seal of version 1 begins
// with a time, which cannot be confused with them: read as times, they are in the year 1677.
const (
	sealMagic  = 0x80_5345414c_000003
	sealMagic2 = 0x80_5345414c_000002
)

// sealHead is the length of everything before the probes: the magic and six numbers.
const sealHead = 8 + 6*8

// A SealMark identifies the seal that belongs to a record.
type SealMark struct {
	Len uint64 // bytes
	Sum [sha256.Size]byte
}

// maxSeal is the length of the longest seal, in bytes: enough for a target of 32 TiB that is copied completely.
const maxSeal = 256 << 20

// SealLen returns the length of a stored seal with n probes, in bytes.
func SealLen(n int) int64 { return sealHead + int64(n)*probeLen }

// encode returns the seal in the format of the package comment.
func (s Seal) encode() []byte {
	e := encoder(bigEndian.AppendUint64(nil, sealMagic))
	e.numbers(s.Modified, s.Changed, s.Born, int64(s.Inode), s.Size)
	e.probes(s.Probes)
	return e
}

// WriteSeal writes a seal to a side and syncs it. The seal has no effect until a record refers to it.
func WriteSeal(store Store, s Seal) (SealMark, error) { return writeSeal(store, SealName, s) }

func writeSeal(store Store, name string, s Seal) (mark SealMark, err error) {
	f, err := store.Create(name)
	if err != nil {
		return mark, tried.Errorf("create the seal: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	body := s.encode()
	if _, err := f.WriteAt(body, 0); err != nil {
		return mark, tried.Errorf("write the seal: %w", err)
	}
	if err := errors.Join(f.Sync(), store.SyncDir()); err != nil {
		return mark, tried.Errorf("sync the seal: %w", err)
	}
	return SealMark{Len: uint64(len(body)), Sum: sha256.Sum256(body)}, nil
}

// sealName returns the name of the seal that a record refers to. If no file matches mark, the error wraps ErrKeptDamaged.
func sealName(store Store, mark SealMark) (string, error) {
	first := matches(store, SealName, mark)
	if first == nil {
		return SealName, nil
	}
	second := matches(store, ResealName, mark)
	if second == nil {
		return ResealName, nil
	}
	if errors.Is(first, fs.ErrNotExist) { // it is the other one that is in use
		return SealName, second
	}
	return SealName, first
}

// matches fails unless the file of a name is the seal of a mark. It reads the file without keeping it, so that a damaged seal
// cannot claim a large list and make shunt allocate it.
func matches(store Store, name string, mark SealMark) error {
	f, err := store.Open(name)
	if err != nil {
		return fmt.Errorf("%w: open the seal: %w", ErrKeptDamaged, err)
	}
	defer func() { _ = f.Close() }() // only read
	size, err := f.Size()
	switch {
	case err != nil:
		return tried.Errorf("read the seal: %w", err)
	case uint64(size) != mark.Len:
		return fmt.Errorf("%w: the seal has %d bytes instead of %d", ErrKeptDamaged, size, mark.Len)
	case size > maxSeal:
		return fmt.Errorf("%w: the seal is longer than shunt makes it", ErrKeptDamaged)
	}
	all := newSummed(f, 0, mark.Len)
	if _, err := io.Copy(io.Discard, all); err != nil {
		return tried.Errorf("read the seal: %w", err)
	}
	if all.sum() != mark.Sum {
		return errSealSum
	}
	return nil
}

var errSealSum = fmt.Errorf("%w: the seal fails its checksum", ErrKeptDamaged)

// ReadSeal reads the seal that a record refers to. If the seal is missing or does not match mark, the error wraps
// ErrKeptDamaged.
func ReadSeal(store Store, mark SealMark) (Seal, error) {
	name, err := sealName(store, mark)
	if err != nil {
		return Seal{}, err
	}
	f, err := store.Open(name)
	if err != nil {
		return Seal{}, fmt.Errorf("%w: open the seal: %w", ErrKeptDamaged, err)
	}
	defer func() { _ = f.Close() }() // only read
	in := newSummed(f, 0, mark.Len)
	d := newDecoder(in, int64(mark.Len), "seal", ErrKeptDamaged)
	s := Seal{Modified: d.i64()}
	if magic := uint64(s.Modified); magic == sealMagic || magic == sealMagic2 {
		s = Seal{Modified: d.i64(), Changed: d.i64(), Born: d.i64(), Inode: uint64(d.i64())}
		if magic == sealMagic {
			s.Size = d.i64()
		}
	}
	s.Probes = d.probes(maxSeal / probeLen)
	err = d.end()
	if err == nil && in.sum() != mark.Sum {
		err = errSealSum
	}
	return s, err
}
