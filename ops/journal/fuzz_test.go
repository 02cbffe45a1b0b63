package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"runtime"
	"testing"
)

// memory is a Store with files that claim any length.
type memory map[string]*memoryFile

type memoryFile struct {
	b    []byte
	size int64 // what is behind b reads as zero
}

func (m memory) Create(name string) (File, error) {
	m[name] = &memoryFile{}
	return m[name], nil
}

func (m memory) Open(name string) (File, error) {
	if f, ok := m[name]; ok {
		return f, nil
	}
	return nil, fs.ErrNotExist
}
func (m memory) Remove(name string) error { delete(m, name); return nil }
func (m memory) SyncDir() error           { return nil }

func (f *memoryFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > f.size {
		return 0, io.ErrUnexpectedEOF
	}
	clear(p)
	if off < int64(len(f.b)) {
		copy(p, f.b[off:])
	}
	return len(p), nil
}

func (f *memoryFile) WriteAt(p []byte, off int64) (int, error) {
	if n := off + int64(len(p)); n > int64(len(f.b)) {
		f.b = append(f.b, make([]byte, n-int64(len(f.b)))...)
		f.size = n
	}
	return copy(f.b[off:], p), nil
}
func (f *memoryFile) Sync() error          { return nil }
func (f *memoryFile) Size() (int64, error) { return f.size, nil }
func (f *memoryFile) Close() error         { return nil }

// mostMemory is what anything on a disk may make this package allocate, in bytes.
const mostMemory = 64 << 20

// bounded runs do and makes sure that it does not take more memory than that.
func bounded(t *testing.T, do func()) {
	t.Helper()
	if n := allocated(do); n > mostMemory {
		t.Errorf("%d MiB allocated", n>>20)
	}
}

// allocated is how much memory do takes in all, in bytes.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// opened opens what may be a journal, and looks at its errors.
func opened(t *testing.T, store Store) {
	t.Helper()
	bounded(t, func() {
		j, err := Open(store)
		switch {
		case err == nil:
			if _, err := j.Load(); err != nil {
				t.Errorf("what was checked cannot be loaded: %v", err)
			}
			if _, err := ReadSeal(store, j.Record().Seal); err != nil && !errors.Is(err, ErrKeptDamaged) {
				t.Errorf("seal: %v", err)
			}
		case !errors.Is(err, ErrNone) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrKeptDamaged) && !errors.Is(err, ErrVersion):
			t.Errorf("an error that says nothing: %v", err)
		}
	})
}

// written are the files of a journal that was kept.
func written(tb testing.TB) (journal, seal []byte) {
	tb.Helper()
	store := memory{}
	j, err := Create(store, sample())
	if err != nil {
		tb.Fatal(err)
	}
	mark, err := WriteSeal(store, Seal{Modified: 1, Probes: []Probe{{Off: 1, Len: 2, Sum: 3}}})
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(j.Advance(Forward, Running, 0, 0), j.Advance(Forward, Running, 1, 0), j.Keep(mark)); err != nil {
		tb.Fatal(err)
	}
	return store[JournalName].b, store[SealName].b
}

// FuzzOpen reads damaged journals. The records come apart from the program, which saves the padding between them. Fix
// makes checksums right, since otherwise nothing behind them is ever reached.
func FuzzOpen(f *testing.F) {
	journal, seal := written(f)
	a, b := journal[:recordLen], journal[slotSpacing:slotSpacing+recordLen]
	for fix := range byte(8) {
		f.Add(a, b, journal[programOff:], seal, fix, int64(0))
	}
	lying := append([]byte(nil), a...)
	binary.BigEndian.PutUint64(lying[32:], 1<<40)
	binary.BigEndian.PutUint64(lying[72:], 1<<40)
	f.Add(lying, lying, journal[programOff:], seal, byte(1), int64(1<<41))
	f.Fuzz(func(t *testing.T, a, b, program, seal []byte, fix byte, longer int64) {
		file := &memoryFile{b: make([]byte, programOff)}
		if len(seal) > 1<<16 || len(program) > 1<<20 {
			return
		}
		for slot, raw := range [][]byte{a, b} {
			record := make([]byte, recordLen)
			copy(record, raw)
			if fix&2 != 0 {
				binary.BigEndian.PutUint64(record[32:], uint64(len(program)))
				sum := sha256.Sum256(program)
				copy(record[40:], sum[:])
			}
			if fix&4 != 0 {
				binary.BigEndian.PutUint64(record[72:], uint64(len(seal)))
				sum := sha256.Sum256(seal)
				copy(record[80:], sum[:])
			}
			if fix&1 != 0 {
				copy(record, magic)
				binary.BigEndian.PutUint32(record[8:], version)
				binary.BigEndian.PutUint32(record[recordLen-4:], crc32.Checksum(record[:recordLen-4], castagnoli))
			}
			for c := range 2 {
				copy(file.b[slotOff(slot, c):], record)
			}
		}
		file.b = append(file.b, program...)
		// A long hole at the end of a file costs an attacker nothing.
		file.size = int64(len(file.b)) + min(max(0, longer), 1<<42)
		opened(t, memory{JournalName: file, SealName: &memoryFile{b: seal, size: int64(len(seal))}})
	})
}

// TestLyingLengths gives records with right checksums that claim programs and seals of a terabyte, and programs that claim
// lists of any length.
func TestLyingLengths(t *testing.T) {
	journal, _ := written(t)
	for _, claim := range []uint64{1 << 20, 1 << 28, 1<<28 + 1, 1 << 40, 1 << 62, 1<<64 - 1} {
		for _, field := range []int{32, 72} {
			file := &memoryFile{b: append([]byte(nil), journal...), size: 1 << 50}
			for slot := range 2 {
				for c := range 2 {
					record := file.b[slotOff(slot, c):][:recordLen]
					binary.BigEndian.PutUint64(record[field:], claim)
					binary.BigEndian.PutUint32(record[recordLen-4:], crc32.Checksum(record[:recordLen-4], castagnoli))
				}
			}
			opened(t, memory{JournalName: file, SealName: &memoryFile{size: int64(claim >> 1)}})
		}
	}
	body := sample().Encode()
	for at := 0; at+8 <= len(body); at++ {
		for _, claim := range []uint64{1 << 16, 1 << 31, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
			bad := append([]byte(nil), body...)
			binary.BigEndian.PutUint64(bad[at:], claim)
			bounded(t, func() {
				if _, err := DecodeProgram(bad); err != nil && !errors.Is(err, ErrDamaged) {
					t.Errorf("an error that is not damage: %v", err)
				}
			})
		}
	}
}
