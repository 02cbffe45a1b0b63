package txn

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// sec is the unit in which writes are torn, in bytes.
const sec = 512

// ErrPowerCut is returned by every operation from the chosen one on, until the machine is rebooted.
var ErrPowerCut = errors.New("power cut")

// TargetName is the name under which the target's changes appear.
const TargetName = "target"

// Machine simulates a computer that can lose power: a target disk and a journal directory that share
// one page cache and crash together. It is not safe for concurrent use.
//
// Everything written is kept as an ordered list of changes of single sectors, lengths and directory entries
// until a sync covers it; a crash keeps a chosen subset of that list. That is weaker than any real disk: it
// reorders freely between syncs, and a chosen sector can be torn in the middle.
type Machine struct {
	files   map[string]*file // by inode name: "target", "journal#1", …
	entries map[string]string
	synced  map[string]string // directory entries that are durable
	pending []change
	inodes  int
	ops     int
	cutAt   int // operation before which the power goes, -1 for never
	fault   *Fault
	// DropSync makes syncs of a file ("target", "journal", …, "directory") lie: they succeed and do nothing.
	DropSync func(name string) bool
	// DropNth makes one sync lie, counted from 1 since the machine was made or cloned; 0 for none. A crash ends it.
	DropNth int
	syncs   int
	// Times has the host keep account of writes to the target. stamp is the time of the last one, and kept the one that a
	// crash cannot take back.
	Times       bool
	stamp, kept int64
	// Bad are sectors of the target that cannot be read until they are written.
	Bad map[int64]bool
	// Trace receives one line per operation if it is not nil.
	Trace func(line string)
	// Meanwhile is called before every operation if it is not nil: what other programs do, by Scribble. They do not survive a
	// crash.
	Meanwhile func(m *Machine)
}

// file is one file's durable content and what programs see now.
type file struct {
	durable, current content
}

type content struct {
	sectors map[int64][]byte // never changed in place, so that clones can share them
	size    int64
}

func (c content) clone() content { return content{maps.Clone(c.sectors), c.size} }

func (c content) sector(i int64) []byte {
	if s, ok := c.sectors[i]; ok {
		return s
	}
	return noSector
}

// noSector is one that was never written. Nobody changes it.
var noSector = make([]byte, sec)

// change is one thing a crash may or may not keep.
type change struct {
	inode  string
	sector int64 // -1: size or entry
	data   []byte
	size   int64
	entry  string  // a directory entry …
	points string  // … and the inode it points to, "" when removed
	also   *change // another entry that changes in the same step
}

// New is a machine with a target that holds the given bytes durably.
func New(target []byte) *Machine {
	m := &Machine{files: map[string]*file{}, entries: map[string]string{}, synced: map[string]string{}, cutAt: -1}
	c := content{sectors: map[int64][]byte{}, size: int64(len(target))}
	for off := 0; off < len(target); off += sec {
		s := make([]byte, sec)
		copy(s, target[off:])
		if !bytes.Equal(s, make([]byte, sec)) {
			c.sectors[int64(off/sec)] = s
		}
	}
	m.files[TargetName] = &file{durable: c, current: c.clone()}
	return m
}

// Clone is an independent copy in the same state, with its operation counter at zero.
func (m *Machine) Clone() *Machine {
	n := &Machine{
		files: make(map[string]*file, len(m.files)), entries: maps.Clone(m.entries), synced: maps.Clone(m.synced),
		pending: append([]change(nil), m.pending...), inodes: m.inodes, cutAt: -1, DropSync: m.DropSync,
		Bad: maps.Clone(m.Bad), Meanwhile: m.Meanwhile, DropNth: m.DropNth, Times: m.Times, stamp: m.stamp, kept: m.kept,
	}
	for name, f := range m.files {
		n.files[name] = &file{durable: f.durable.clone(), current: f.current.clone()}
	}
	return n
}

// CutAt makes the power go before operation k, counted from 0 from here on.
func (m *Machine) CutAt(k int) { m.ops, m.cutAt = 0, k }

// Ops is the number of operations since the machine was made or CutAt was called.
func (m *Machine) Ops() int { return m.ops }

// Pending is how many changes a crash could lose.
func (m *Machine) Pending() int { return len(m.pending) }

// TargetBytes is what a program reads from the target now.
func (m *Machine) TargetBytes() []byte { return m.fill(make([]byte, m.files[TargetName].current.size)) }

// looks has the memory of looks that are over: there are hundreds of thousands.
var looks sync.Pool

// look calls do with what a program reads from the target now. do may change the bytes and must not keep them.
func (m *Machine) look(do func(b []byte)) {
	b, _ := looks.Get().(*[]byte)
	if b == nil {
		b = new([]byte)
	}
	size := int(m.files[TargetName].current.size)
	*b = slices.Grow((*b)[:0], size)[:size]
	clear(*b)
	do(m.fill(*b))
	looks.Put(b)
}

// fill puts the sectors of the target into b, which is zero.
func (m *Machine) fill(b []byte) []byte {
	c := m.files[TargetName].current
	for i, s := range c.sectors {
		if off := i * sec; off < c.size {
			copy(b[off:], s)
		}
	}
	return b
}

// Files lists the names in the journal directory.
func (m *Machine) Files() []string {
	var names []string
	for name := range m.entries {
		names = append(names, name)
	}
	return names
}

// Crash is the machine after a reboot that kept the chosen changes.
func (m *Machine) Crash(p Policy) *Machine {
	n := &Machine{
		files: make(map[string]*file, len(m.files)), entries: maps.Clone(m.synced), synced: maps.Clone(m.synced),
		inodes: m.inodes, cutAt: -1, DropSync: m.DropSync, Times: m.Times, stamp: m.kept, kept: m.kept,
	}
	for name, f := range m.files {
		n.files[name] = &file{durable: f.durable.clone()}
	}
	for i, c := range m.pending {
		keep := p(i, len(m.pending))
		if keep == Lost {
			continue
		}
		n.keep(c, keep)
		if c.inode == TargetName {
			n.stamp, n.kept = m.stamp, m.stamp
		}
	}
	for _, f := range n.files {
		f.durable.resize(f.durable.size) // a sector behind a length that was lost is gone
		f.current = f.durable.clone()
	}
	n.synced = maps.Clone(n.entries)
	return n
}

func (m *Machine) keep(c change, how Fate) {
	switch {
	case c.entry != "":
		c.enter(m.entries)
	case c.sector < 0:
		m.files[c.inode].durable.resize(c.size)
	default:
		f := m.files[c.inode]
		data := c.data
		if how == Torn {
			data = append(append([]byte(nil), c.data[:sec/2]...), f.durable.sector(c.sector)[sec/2:]...)
		}
		f.durable.sectors[c.sector] = data
	}
}

// enter makes the change of a directory entry.
func (c change) enter(entries map[string]string) {
	if c.points == "" {
		delete(entries, c.entry)
	} else {
		entries[c.entry] = c.points
	}
	if c.also != nil {
		c.also.enter(entries)
	}
}

func (c *content) resize(n int64) {
	if n < c.size {
		for i := range c.sectors {
			if i*sec >= n {
				delete(c.sectors, i)
			}
		}
		if cut := n % sec; cut != 0 {
			if s, ok := c.sectors[n/sec]; ok {
				c.sectors[n/sec] = append(append([]byte(nil), s[:cut]...), make([]byte, sec-cut)...)
			}
		}
	}
	c.size = n
}

// step counts an operation and says whether it fails. The text is only made when it is needed: most steps are not traced.
func (m *Machine) step(format string, args ...any) error {
	if m.cutAt >= 0 && m.ops >= m.cutAt {
		return ErrPowerCut
	}
	if m.Meanwhile != nil {
		m.Meanwhile(m)
	}
	m.ops++
	if m.Trace != nil {
		m.Trace(fmt.Sprintf(format, args...))
	}
	return m.fault.hit(format, args)
}

// lies reports whether a sync of the named file is to do nothing.
func (m *Machine) lies(name string) bool {
	m.syncs++
	return m.syncs == m.DropNth || m.DropSync != nil && m.DropSync(name)
}

func (m *Machine) syncInode(inode string) {
	if inode == TargetName {
		m.kept = m.stamp
	}
	rest := m.pending[:0:0]
	for _, c := range m.pending {
		if c.inode == inode && c.entry == "" {
			m.keep(c, Kept)
		} else {
			rest = append(rest, c)
		}
	}
	m.pending = rest
}

func (m *Machine) write(inode string, b []byte, off int64) {
	f := m.files[inode]
	if inode == TargetName {
		m.stamp++
		if m.fault != nil && m.fault.Hits > 0 {
			m.fault.Changes++
		}
		for i := off / sec; len(m.Bad) > 0 && i*sec < off+int64(len(b)); i++ {
			delete(m.Bad, i)
		}
	}
	if end := off + int64(len(b)); end > f.current.size {
		m.resize(inode, end)
	}
	for len(b) > 0 {
		i, at := off/sec, off%sec
		n := min(int64(len(b)), sec-at)
		s := make([]byte, sec)
		if n < sec {
			copy(s, f.current.sector(i))
		}
		copy(s[at:], b[:n])
		f.current.sectors[i] = s
		m.pending = append(m.pending, change{inode: inode, sector: i, data: s})
		b, off = b[n:], off+n
	}
}

func (m *Machine) resize(inode string, n int64) {
	if inode == TargetName {
		m.stamp++
	}
	m.files[inode].current.resize(n)
	m.pending = append(m.pending, change{inode: inode, sector: -1, size: n})
}

func (m *Machine) read(inode string, b []byte, off int64) (int, error) {
	c := m.files[inode].current
	if off < 0 || off+int64(len(b)) > c.size {
		return 0, fmt.Errorf("read [%d, %d) of %d bytes", off, off+int64(len(b)), c.size)
	}
	for i := off / sec; inode == TargetName && len(m.Bad) > 0 && i*sec < off+int64(len(b)); i++ {
		if m.Bad[i] {
			return 0, fmt.Errorf("read sector %d: %w", i, unix.EIO)
		}
	}
	for done := 0; done < len(b); {
		i, at := (off+int64(done))/sec, (off+int64(done))%sec
		if s, ok := c.sectors[i]; ok {
			done += copy(b[done:], s[at:])
			continue
		}
		n := min(len(b)-done, int(sec-at))
		clear(b[done : done+n])
		done += n
	}
	return len(b), nil
}

// FileSize is the length of a file of the journal directory, 0 if there is none.
func (m *Machine) FileSize(name string) int64 {
	inode, ok := m.entries[name]
	if !ok {
		return 0
	}
	return m.files[inode].current.size
}

// Scribble writes to the target as another program would: it is no operation that can fail, and not durable before a sync.
func (m *Machine) Scribble(b []byte, off int64) {
	f := m.fault
	m.fault = nil // it is not what the program under test changes
	m.write(TargetName, b, off)
	m.fault = f
}

// Flip changes one bit of a file of the journal directory.
func (m *Machine) Flip(name string, off int64) {
	f := m.files[m.entries[name]]
	for _, c := range []content{f.current, f.durable} {
		s := append([]byte(nil), c.sector(off/sec)...)
		s[off%sec] ^= 0x40
		c.sectors[off/sec] = s
	}
}

// Fault makes one operation fail. Hits says whether it did.
type Fault struct {
	At     int // counted from 0
	Err    error
	Sticky bool // all later operations fail too, as on a disk that is full
	seen   int
	Hits   int
	What   string // the first operation that was hit
	// Changes counts what was written to the target after the first hit.
	Changes int
}

// Inject arms a fault on the machine.
func (m *Machine) Inject(f *Fault) { m.fault = f }

// hit counts an operation and says whether it fails.
func (f *Fault) hit(format string, args []any) error {
	if f == nil {
		return nil
	}
	at := f.seen
	f.seen++
	if at < f.At || at > f.At && !f.Sticky {
		return nil
	}
	f.Hits++
	if f.What == "" {
		f.What = fmt.Sprintf(format, args...)
	}
	return f.Err
}
