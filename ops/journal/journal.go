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

// Sum is the checksum used for content.
func Sum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// AddSum continues a checksum over more content.
func AddSum(sum uint32, b []byte) uint32 { return crc32.Update(sum, castagnoli, b) }

// Journal is an open journal file. It is not safe for concurrent use.
type Journal struct {
	file    File
	record  Record
	program Program
	broken  error // a failed write or sync: nothing may be recorded any more
}

// Create writes the program, syncs it and the directory, and leaves the journal without a record: nothing is
// committed before the first call of Commit. The content files must have been synced by the caller.
func Create(store Store, program Program) (*Journal, error) {
	f, err := store.Create(JournalName)
	if err != nil {
		return nil, tried.Errorf("create journal: %w", err)
	}
	body := program.Encode()
	if len(body) > maxBody {
		return nil, errors.Join(tried.Errorf("write journal: %d pieces are more than one transaction can be made of; apply the operations one by one", len(body)/opLen), f.Close())
	}
	j := &Journal{file: f, program: program}
	j.record.ProgramLen = uint64(len(body))
	j.record.ProgramSum = sha256.Sum256(body)
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

// Open reads the journal on one side of a directory. The error wraps ErrNone, ErrDamaged, ErrKeptDamaged or
// ErrVersion, is an *UnsafeError, or an I/O error. A journal whose transaction is complete opens too: its Record says so.
func Open(store Store) (*Journal, error) {
	f, err := openFile(store)
	if err != nil {
		return nil, err
	}
	s, err := readSummary(f)
	var program Program
	if err == nil {
		// All of it was checked, so that what is kept now is worth the memory.
		program, err = readProgram(f, s.Record)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Journal{file: f, record: s.Record, program: program}, nil
}

func openFile(store Store) (File, error) {
	f, err := store.Open(JournalName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, tried.Errorf("open journal: %w", err)
	}
	return f, nil
}

func readProgram(f File, r Record) (Program, error) {
	s, err := readBody(f, r, whole)
	return s.Program, err
}

// maxBody is the longest program, in bytes: enough for millions of writes.
const maxBody = 256 << 20

// readBody reads the program that a record refers to, once, and with a piece of it in memory at a time.
func readBody(f File, r Record, keep scope) (Summary, error) {
	size, err := f.Size()
	if err != nil {
		return Summary{}, tried.Errorf("read journal: %w", err)
	}
	if size < programOff || r.ProgramLen > uint64(size-programOff) {
		return Summary{}, damaged(r, fmt.Errorf("%w: it is cut short", ErrDamaged))
	}
	if r.ProgramLen > maxBody {
		return Summary{}, damaged(r, fmt.Errorf("%w: its program is longer than any", ErrDamaged))
	}
	in := newSummed(f, programOff, r.ProgramLen)
	s, err := decode(in, int64(r.ProgramLen), keep)
	if err == nil && in.sum() != r.ProgramSum {
		err = fmt.Errorf("%w: the program fails its checksum", ErrDamaged)
	}
	if err == nil && int64(r.Next) > s.mostSteps() {
		err = fmt.Errorf("%w: it stands behind its end", ErrDamaged)
	}
	s.Record = r
	return s, damaged(r, err)
}

// damaged is the error of a program. One that was only kept for an undo is no danger to the target.
func damaged(r Record, err error) error {
	if errors.Is(err, ErrDamaged) && r.State == Kept {
		return fmt.Errorf("%w: its program fails its checksum", ErrKeptDamaged)
	}
	return err
}

// summed reads a part of a file and adds it up.
type summed struct {
	r *io.SectionReader
	h hash.Hash
}

func newSummed(f File, off int64, n uint64) *summed {
	return &summed{io.NewSectionReader(f, off, int64(n)), sha256.New()}
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.h.Write(p[:n])
	return n, err
}

// sum is the checksum of what was read up to now.
func (s *summed) sum() [sha256.Size]byte { return [sha256.Size]byte(s.h.Sum(nil)) }

// Check makes sure that a journal with the program will be read again.
func Check(p Program) error {
	body := p.Encode()
	if _, err := decode(bytes.NewReader(body), int64(len(body)), sketch); err != nil {
		return fmt.Errorf("internal error: a journal that could not be read again: %w; nothing was changed, please report this", err)
	}
	return nil
}

// Len is how long a journal file with the program is, in bytes.
func Len(p Program) int64 { return programOff + int64(len(p.Encode())) }

// Record is where the transaction stands.
func (j *Journal) Record() Record { return j.record }

// Program is what the transaction does.
func (j *Journal) Program() Program { return j.program }

// Advance makes a new position durable. The first call on a created journal is the commit. After an error it
// is unknown whether the old or the new position is on disk, and the journal refuses further calls: a failed
// sync is final.
func (j *Journal) Advance(d Direction, s State, next, from uint32) error {
	r := j.record
	r.Direction, r.State, r.Next, r.From = d, s, next, from
	return j.put(r)
}

// Keep makes durable that all units are done and that the journal stays, with the seal that WriteSeal wrote. For
// errors see Advance.
func (j *Journal) Keep(mark SealMark) error {
	r := j.record
	r.State, r.Seal = Kept, mark
	return j.put(r)
}

func (j *Journal) put(r Record) error {
	if j.broken != nil {
		return j.broken
	}
	r.Seq++
	b := make([]byte, slotSpacing)
	copy(b, r.encode())
	copy(b[copySpacing:], r.encode())
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

// Close closes the file; the journal stays.
func (j *Journal) Close() error { return j.file.Close() }
