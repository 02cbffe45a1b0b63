package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// OpKind says what one write of a unit does.
type OpKind uint8

// The writes a unit is made of. Off and Len are bytes of the target; Src depends on the kind.
const (
	OpCopy    OpKind = iota + 1 // target[Off] = target[Src]; the two ranges do not overlap
	OpStage                     // stage[Off] = target[Src]; Sum is the ticket, see Op
	OpUnstage                   // target[Off] = stage[Src]; Sum is the ticket
	OpPlace                     // target[Off] = spill[Src], checksum Sum
	OpZero                      // target[Off] reads as zero, its room given back where possible
	OpSize                      // the target becomes Len bytes long
	OpRestore                   // target[Off] = before[Src], checksum Sum; only in the restore lists
)

// Op is one write. The checksum is CRC-32C. What goes through the stage file has no checksum when the program
// is written; it has a ticket instead, a number that says where behind the staged content its checksum is
// kept: ticket k at byte Program.StageLen + 8k of the stage file, as the checksum and its complement.
type Op struct {
	Kind OpKind
	Off  int64
	Len  int64
	Src  int64
	Sum  uint32
}

// Stage names the part of a commit a unit belongs to, in the order they come.
type Stage uint8

// The stages of a commit after the commit record. The zero value is the end, when the record says complete.
const (
	StageFence  Stage = iota + 1 // hide the partitions that are about to change
	StageExtend                  // make the target longer if the plan does
	StageCopy                    // move data within the target, in dependency order
	StagePlace                   // new content and zeroes
	StageTable                   // the final table, one structure at a time
	StageShrink                  // make the target shorter if the plan does
)

func (s Stage) String() string {
	switch s {
	case StageFence:
		return "fence"
	case StageExtend:
		return "extend"
	case StageCopy:
		return "copy"
	case StagePlace:
		return "place"
	case StageTable:
		return "table"
	case StageShrink:
		return "shrink"
	}
	return "done"
}

// Unit is a set of writes between two syncs. Doing a unit again after it was done in part or in full is
// harmless as long as the next unit was not begun.
type Unit struct {
	Stage Stage
	Ops   []Op
}

// Probe is a block of the target that the transaction never writes; it tells whether a target is the one the
// journal was written for.
type Probe struct {
	Off int64
	Len int64
	Sum uint32
}

// Program is everything a recovery needs besides the files spill, before and stage.
type Program struct {
	SizeBefore int64 // of the target, in bytes
	SizeAfter  int64
	Name       string // the target's path when the transaction began, for messages
	Plan       string // the plan file text, for messages
	Began      int64  // seconds since 1970, for messages
	Units      []Unit
	// RestoreData puts back what the units overwrite and no copy preserves; RestoreTable the table, last of all.
	RestoreData  []Op
	RestoreTable []Op
	// Refence hides the changed partitions again before a roll back from a point behind the final table.
	Refence []Op
	Probes  []Probe
	// StageLen is the length of the stage file's content; the checksums of the tickets follow it.
	StageLen int64
}

const opLen = 1 + 8 + 8 + 8 + 4

// Encode is the program as stored: see the package comment for where. Layout: four numbers, two strings, then five
// counted lists, each element of fixed length.
func (p Program) Encode() []byte {
	var b bytes.Buffer
	u64 := func(v int64) { _ = binary.Write(&b, binary.BigEndian, v) }
	text := func(s string) { u64(int64(len(s))); b.WriteString(s) }
	list := func(ops []Op) {
		u64(int64(len(ops)))
		for _, op := range ops {
			var e [opLen]byte
			e[0] = byte(op.Kind)
			binary.BigEndian.PutUint64(e[1:], uint64(op.Off))
			binary.BigEndian.PutUint64(e[9:], uint64(op.Len))
			binary.BigEndian.PutUint64(e[17:], uint64(op.Src))
			binary.BigEndian.PutUint32(e[25:], op.Sum)
			b.Write(e[:])
		}
	}
	u64(p.SizeBefore)
	u64(p.SizeAfter)
	u64(p.StageLen)
	u64(p.Began)
	text(p.Name)
	text(p.Plan)
	u64(int64(len(p.Units)))
	for _, u := range p.Units {
		b.WriteByte(byte(u.Stage))
		list(u.Ops)
	}
	list(p.RestoreData)
	list(p.RestoreTable)
	list(p.Refence)
	u64(int64(len(p.Probes)))
	for _, pr := range p.Probes {
		u64(pr.Off)
		u64(pr.Len)
		u64(int64(pr.Sum))
	}
	return b.Bytes()
}

// DecodeProgram reads what Encode wrote. Content that Encode cannot have written is an error that wraps
// ErrDamaged; counts are checked against the bytes that are there before anything is allocated.
func DecodeProgram(b []byte) (Program, error) {
	d := decoder{rest: b}
	p := Program{SizeBefore: d.i64(), SizeAfter: d.i64(), StageLen: d.i64(), Began: d.i64(), Name: d.text(), Plan: d.text()}
	for range d.count(9) {
		p.Units = append(p.Units, Unit{Stage: Stage(d.u8()), Ops: d.list()})
	}
	p.RestoreData, p.RestoreTable, p.Refence = d.list(), d.list(), d.list()
	for range d.count(24) {
		p.Probes = append(p.Probes, Probe{Off: d.i64(), Len: d.i64(), Sum: uint32(d.i64())})
	}
	if d.err == nil && len(d.rest) > 0 {
		d.err = errors.New("bytes behind the end")
	}
	if d.err != nil {
		return Program{}, fmt.Errorf("%w: program: %w", ErrDamaged, d.err)
	}
	return p, nil
}

type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) take(n int64) []byte {
	if d.err != nil || n < 0 || n > int64(len(d.rest)) {
		if d.err == nil {
			d.err = errors.New("cut short")
		}
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) u8() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) i64() int64 {
	if b := d.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (d *decoder) text() string { return string(d.take(d.i64())) }

// count reads the length of a list of which each element takes at least size bytes.
func (d *decoder) count(size int64) int {
	n := d.i64()
	if n < 0 || n > int64(len(d.rest))/size {
		d.take(-1)
		return 0
	}
	return int(n)
}

func (d *decoder) list() []Op {
	n := d.count(opLen)
	if n == 0 {
		return nil
	}
	ops := make([]Op, 0, n)
	for range n {
		e := d.take(opLen)
		if e == nil {
			return nil
		}
		op := Op{
			Kind: OpKind(e[0]),
			Off:  int64(binary.BigEndian.Uint64(e[1:])),
			Len:  int64(binary.BigEndian.Uint64(e[9:])),
			Src:  int64(binary.BigEndian.Uint64(e[17:])),
			Sum:  binary.BigEndian.Uint32(e[25:]),
		}
		if op.Kind < OpCopy || op.Kind > OpRestore || op.Off < 0 || op.Len < 0 || op.Src < 0 {
			d.err = errors.New("impossible write")
			return nil
		}
		ops = append(ops, op)
	}
	return ops
}
