package journal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
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
		return nil, fmt.Errorf("create journal: %w", err)
	}
	body := program.Encode()
	if len(body) > maxBody {
		return nil, errors.Join(fmt.Errorf("write journal: %d pieces are more than one transaction can be made of; apply the operations one by one", len(body)/opLen), f.Close())
	}
	j := &Journal{file: f, program: program}
	j.record.ProgramLen = uint64(len(body))
	j.record.ProgramSum = sha256.Sum256(body)
	for _, write := range []struct {
		b   []byte
		off int64
	}{{make([]byte, programOff), 0}, {body, programOff}} {
		if _, err := f.WriteAt(write.b, write.off); err != nil {
			return nil, errors.Join(fmt.Errorf("write journal: %w", err), f.Close())
		}
	}
	if err := errors.Join(f.Sync(), store.SyncDir()); err != nil {
		return nil, errors.Join(fmt.Errorf("sync journal: %w", err), f.Close())
	}
	return j, nil
}

// Open reads the journal on one side of a directory. The error wraps ErrNone, ErrDamaged, ErrKeptDamaged or
// ErrVersion, or is an I/O error. A journal whose transaction is complete opens too: its Record says so.
func Open(store Store) (*Journal, error) {
	f, err := store.Open(JournalName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j, err := read(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func read(f File) (*Journal, error) {
	record, err := newestRecord(f)
	if err != nil {
		return nil, err
	}
	program, err := readProgram(f, record)
	if errors.Is(err, ErrDamaged) && record.State == Kept {
		return nil, fmt.Errorf("%w: its program fails its checksum", ErrKeptDamaged)
	}
	if err != nil {
		return nil, err
	}
	return &Journal{file: f, record: record, program: program}, nil
}

func readProgram(f File, record Record) (Program, error) {
	size, err := f.Size()
	if err != nil {
		return Program{}, fmt.Errorf("read journal: %w", err)
	}
	if size < programOff || record.ProgramLen > uint64(size-programOff) {
		return Program{}, fmt.Errorf("%w: it is cut short", ErrDamaged)
	}
	body, err := readSummed(f, programOff, record.ProgramLen, record.ProgramSum)
	if errors.Is(err, errSum) {
		return Program{}, fmt.Errorf("%w: the program fails its checksum", ErrDamaged)
	}
	if err != nil {
		return Program{}, fmt.Errorf("read journal: %w", err)
	}
	return DecodeProgram(body)
}

// maxBody is the longest program or seal, in bytes: enough for millions of writes.
const maxBody = 256 << 20

// errSum is returned within this package when content is not what its checksum says.
var errSum = errors.New("checksum does not match")

// readSummed reads n bytes of which the SHA-256 is known. It is computed before there is room for them in memory: what a
// damaged record says of their length costs nothing.
func readSummed(f File, off int64, n uint64, sum [sha256.Size]byte) ([]byte, error) {
	if n > maxBody {
		return nil, errSum
	}
	h := sha256.New()
	buf := make([]byte, min(n, 1<<20))
	for at := int64(0); at < int64(n); at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), int64(n)-at)]
		if _, err := f.ReadAt(buf, off+at); err != nil {
			return nil, err
		}
		h.Write(buf)
	}
	if [sha256.Size]byte(h.Sum(nil)) != sum {
		return nil, errSum
	}
	body := make([]byte, n)
	if _, err := f.ReadAt(body, off); err != nil {
		return nil, err
	}
	if sha256.Sum256(body) != sum {
		return nil, errSum // somebody writes to it meanwhile
	}
	return body, nil
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
		j.broken = fmt.Errorf("write journal record: %w", err)
		return j.broken
	}
	if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("sync journal record: %w", err)
		return j.broken
	}
	j.record = r
	return nil
}

// Close closes the file; the journal stays.
func (j *Journal) Close() error { return j.file.Close() }
