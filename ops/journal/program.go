package journal

import (
	"bytes"
	"encoding/binary"
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
	// Check is the checksum of what OpCopy, OpStage and OpUnstage carry, taken from the target before the commit. It is
	// there if the program has the option Verify, and 0 otherwise.
	Check uint32
}

// Stage names the part of a commit a unit belongs to, in the order they come.
type Stage uint8

// The stages of a commit after the commit record. The zero value is the end, when the record says complete. Units
// belong to the stages up to StageShrink; the last two only read the target.
const (
	StageFence  Stage = iota + 1 // hide the partitions that are about to change
	StageExtend                  // make the target longer if the plan does
	StageCopy                    // move data within the target, in dependency order
	StagePlace                   // new content and zeroes
	StageTable                   // the final table, one structure at a time
	StageShrink                  // make the target shorter if the plan does
	StageVerify                  // read back what was written
	StageKeep                    // note the state of the target, to know later whether it can be taken back
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
	case StageVerify:
		return "verify"
	case StageKeep:
		return "keep"
	}
	return "done"
}

// Unit is a set of writes between two syncs. Doing a unit again after it was done in part or in full is
// harmless as long as the next unit was not begun.
type Unit struct {
	Stage Stage
	Ops   []Op
}

// Probe is a run of the target and what its content adds up to, in CRC-32C.
type Probe struct {
	Off int64
	Len int64
	Sum uint32
}

// Run is a run of bytes of the target.
type Run struct{ Off, Len int64 }

// Part is a partition, for messages: while the fence stands the table does not tell what lies where.
type Part struct {
	Name    string // "p2"
	Off     int64  // in the target, bytes
	Len     int64
	Planned bool // as planned, not as before
}

// Options are what the user wants of a commit besides the commit; they hold for its recovery too.
type Options uint64

// The options.
const (
	Verify   Options = 1 << iota // read everything back before the transaction counts as complete
	KeepUndo                     // keep what it takes to undo the transaction after it is complete
)

// Has reports whether w is one of the options.
func (all Options) Has(w Options) bool { return all&w != 0 }

// Program is everything a recovery needs besides the files spill, before and stage.
type Program struct {
	SizeBefore int64 // of the target, in bytes
	SizeAfter  int64
	Name       string // the target's path when the transaction began, for messages
	Plan       string // the plan file text, for messages
	Began      int64  // seconds since 1970, for messages
	Sector     int64  // the length of a sector in bytes, for messages
	Parts      []Part // for messages
	Options    Options
	Units      []Unit
	// RestoreData puts back what the units overwrite and no copy preserves; RestoreTable the table, last of all.
	RestoreData  []Op
	RestoreTable []Op
	// Refence hides the changed partitions again before a roll back from a point behind the final table.
	Refence []Op
	// Probes are blocks that the transaction never writes: they tell whether a target is the one the journal was
	// written for.
	Probes []Probe
	// Heads are the first bytes of the changed partitions as planned: nobody uses a file system without changing them.
	Heads []Run
	// StageLen is the length of the stage file's content; the checksums of the tickets follow it.
	StageLen int64
}

const opLen = 1 + 8 + 8 + 8 + 4 + 4

// Encode is the program as stored: see the package comment for where. Layout: six numbers, two strings, then seven
// counted lists; but for units, which hold a list themselves, and partitions, which have a name, each element has a fixed
// length.
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
			binary.BigEndian.PutUint32(e[29:], op.Check)
			b.Write(e[:])
		}
	}
	u64(p.SizeBefore)
	u64(p.SizeAfter)
	u64(p.StageLen)
	u64(p.Began)
	u64(int64(p.Options))
	u64(p.Sector)
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
	probes(&b, p.Probes)
	u64(int64(len(p.Heads)))
	for _, r := range p.Heads {
		u64(r.Off)
		u64(r.Len)
	}
	u64(int64(len(p.Parts)))
	for _, part := range p.Parts {
		text(part.Name)
		u64(part.Off)
		u64(part.Len)
		planned := byte(0)
		if part.Planned {
			planned = 1
		}
		b.WriteByte(planned)
	}
	return b.Bytes()
}

// probeLen is the length of a probe as stored: two numbers and the checksum.
const probeLen = 8 + 8 + 4

func probes(b *bytes.Buffer, list []Probe) {
	_ = binary.Write(b, binary.BigEndian, int64(len(list))) // a buffer takes everything
	for _, p := range list {
		var e [probeLen]byte
		binary.BigEndian.PutUint64(e[0:], uint64(p.Off))
		binary.BigEndian.PutUint64(e[8:], uint64(p.Len))
		binary.BigEndian.PutUint32(e[16:], p.Sum)
		b.Write(e[:])
	}
}
