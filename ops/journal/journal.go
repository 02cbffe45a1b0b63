package journal

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"

	"shunt/model/tried"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum returns the checksum of content.
func Sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// AddSum continues a checksum over more content.
func AddSum(sum uint32, b []byte) uint32 { return crc32.Update(sum, castagnoli, b) }

// A Journal is an open journal file. It is not safe for concurrent use.
type Journal struct {
	file    File
	record  Record
	summary Summary
	broken  error // from a failed write or sync; nothing may be recorded after it
}

// Create writes the program and syncs it and the directory. The journal has no record yet: the first call of Advance
// commits the transaction. The caller must have synced the content files.
func Create(store Store, program Program) (*Journal, error) {
	f, err := store.Create(JournalName)
	if err != nil {
		return nil, tried.Errorf("create journal: %w", err)
	}
	body := program.Encode()
	if len(body) > maxBody {
		return nil, errors.Join(tried.Errorf("write journal: the transaction has %d pieces, which are too many; "+
			"apply the operations one by one", len(body)/opLen), f.Close())
	}
	j := &Journal{file: f, record: Record{ProgramLen: uint64(len(body)), ProgramSum: sha256.Sum256(body)}}
	for _, write := range []struct {
		b   []byte
		off int64
	}{{make([]byte, programOff), 0}, {body, programOff}} {
		if _, err := f.WriteAt(write.b, write.off); err != nil {
			return nil, errors.Join(tried.Errorf("write journal: %w", err), f.Close())
		}
	}
	if err := errors.Join(f.Sync(), store.SyncDir()); err != nil {
		return nil, errors.Join(tried.Errorf("sync journal: %w", err), f.Close())
	}
	return j, nil
}

// Open opens the journal on one side of a directory and checks all of it. The error wraps ErrNone, ErrDamaged,
// ErrKeptDamaged or ErrVersion, or is an *UnsafeError or an I/O error. A journal with a complete transaction can be opened
// too: see Record. Open takes little memory, however long the journal is.
func Open(store Store) (*Journal, error) {
	f, err := store.Open(JournalName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, tried.Errorf("open journal: %w", err)
	}
	j := &Journal{file: f}
	if j.record, err = newestRecord(f); err == nil {
		j.summary, err = j.read(summaryOnly)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// ReadRecord reads the newest record of the journal on one side, and nothing else. The errors are those of Open.
func ReadRecord(store Store) (r Record, err error) {
	f, err := store.Open(JournalName)
	if errors.Is(err, fs.ErrNotExist) {
		return r, ErrNone
	}
	if err != nil {
		return r, tried.Errorf("open journal: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return newestRecord(f)
}

// Load reads the whole program of a journal from Open. The errors are those of Open.
func (j *Journal) Load() (Program, error) {
	s, err := j.read(whole)
	return s.Program, err
}

// maxBody is the length of the longest program, in bytes: enough for millions of writes.
const maxBody = 256 << 20

// read reads and checks the program piece by piece. keep says how much of it stays in memory.
func (j *Journal) read(keep scope) (Summary, error) {
	r, damaged := j.record, ErrDamaged
	if r.State == Kept {
		damaged = ErrKeptDamaged // the target is complete, so it is not in danger
	}
	size, err := j.file.Size()
	switch {
	case err != nil:
		return Summary{}, tried.Errorf("read journal: %w", err)
	case r.ProgramLen > uint64(max(0, size-programOff)):
		return Summary{}, fmt.Errorf("%w: it is cut short", damaged)
	case r.ProgramLen > maxBody:
		return Summary{}, fmt.Errorf("%w: its program is longer than shunt makes it", damaged)
	}
	in := newSummed(j.file, programOff, r.ProgramLen)
	s, err := decode(in, int64(r.ProgramLen), keep, damaged)
	switch {
	case err != nil:
		return Summary{}, err
	case in.sum() != r.ProgramSum:
		return Summary{}, fmt.Errorf("%w: the program fails its checksum", damaged)
	case int64(r.Next) > s.mostSteps():
		return Summary{}, fmt.Errorf("%w: its position is behind the end of its program", damaged)
	}
	return s, nil
}

// A summed reads a part of a file and computes its checksum.
type summed struct {
	io.Reader
	h hash.Hash
}

func newSummed(f File, off int64, n uint64) summed {
	h := sha256.New()
	return summed{io.TeeReader(io.NewSectionReader(f, off, int64(n)), h), h}
}

// sum returns the checksum of everything read so far.
func (s summed) sum() [sha256.Size]byte { return [sha256.Size]byte(s.h.Sum(nil)) }

// Check returns an error if a journal with this program could not be read again.
func Check(p Program) error {
	body := p.Encode()
	if _, err := decode(bytes.NewReader(body), int64(len(body)), summaryOnly, ErrDamaged); err != nil {
		return fmt.Errorf("internal error: this journal could not be read again: %w; "+
			"nothing was changed, please report this", err)
	}
	return nil
}

// Len returns the length of the file in bytes.
func (j *Journal) Len() int64 { return programOff + int64(j.record.ProgramLen) }

// Record returns the transaction's position.
func (j *Journal) Record() Record { return j.record }

// Summary describes the transaction of a journal from Open.
func (j *Journal) Summary() Summary { return j.summary }

// Advance makes a new position durable. The first call on a created journal is the commit. After an error it is unknown
// whether the old or the new position is on disk, and every further call returns the same error: a failed sync must not
// be retried.
func (j *Journal) Advance(d Direction, s State, next, from uint32) error {
	r := j.record
	r.Direction, r.State, r.Next, r.From = d, s, next, from
	return j.put(r)
}

// Place says which other transactions can be undone after this one: see Record. It has an effect with the next record.
func (j *Journal) Place(order, floor uint32) { j.record.Order, j.record.Floor = order, floor }

// Expect notes the seal of the state in which the target will be once all units are done. It has an effect with the next record.
func (j *Journal) Expect(mark SealMark) { j.record.Seal = mark }

// Reseal durably gives a kept transaction another seal. At every moment the journal has the old one or the new one. For
// errors see Advance; the files of both seals stay then.
func (j *Journal) Reseal(store Store, s Seal) error {
	mark, old, err := j.NextSeal(store, s)
	if err != nil {
		return err
	}
	if err := j.Keep(mark); err != nil {
		return err
	}
	return errors.Join(store.Remove(old), store.SyncDir())
}

// NextSeal writes and syncs a seal beside the one that the record refers to, so that Keep can refer to it. old is the name of that
// one, which may be removed then.
func (j *Journal) NextSeal(store Store, s Seal) (mark SealMark, old string, err error) {
	old, err = sealName(store, j.record.Seal)
	if err != nil {
		return mark, old, err
	}
	other := SealName
	if old == SealName {
		other = ResealName
	}
	mark, err = writeSeal(store, other, s)
	return mark, old, err
}

// Keep durably records that all units are done and that the journal stays, with the seal that WriteSeal wrote. For errors
// see Advance.
func (j *Journal) Keep(mark SealMark) error {
	r := j.record
	r.State, r.Seal = Kept, mark
	return j.put(r)
}

// put makes a record durable. Records alternate between the two slots.
func (j *Journal) put(r Record) error {
	if j.broken != nil {
		return j.broken
	}
	r.Seq++
	b := make([]byte, slotSpacing)
	copy(b[copySpacing:], b[:copy(b, r.encode())])
	if _, err := j.file.WriteAt(b, slotOff(int(r.Seq%2), 0)); err != nil {
		j.broken = tried.Errorf("write journal record: %w", err)
		return j.broken
	}
	if err := j.file.Sync(); err != nil {
		j.broken = tried.Errorf("sync journal record: %w", err)
		return j.broken
	}
	j.record = r
	return nil
}

// Close closes the file. It does not remove the journal.
func (j *Journal) Close() error { return j.file.Close() }
