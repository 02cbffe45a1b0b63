package journal

import (
	"iter"
	"time"
)

// OpKind says what one write of a unit does.
type OpKind uint8

// The kinds of writes. Off and Src are byte offsets in the files that the comments name. Len is in bytes.
const (
	OpCopy     OpKind = iota + 1 // target[Off] = target[Src]; the two ranges do not overlap
	OpStage                      // stage[Off] = target[Src]; Sum is the ticket, see Op
	OpUnstage                    // target[Off] = stage[Src]; Sum is the ticket
	OpPlace                      // target[Off] = spill[Src], checksum Sum
	OpZero                       // target[Off] reads as zero and, where possible, takes no space any more
	OpSize                       // the target becomes Len bytes long
	OpRestore                    // target[Off] = before[Src], checksum Sum; only in the restore lists
	OpReserve                    // target[Off] gets room on its host; what it holds stays
	OpExchange                   // the file with the inode Src gets the image's name; it is Len bytes long and begins with content of checksum Sum
)

// An Op is one write. Checksums are CRC-32C. The checksum of content that goes through the stage file is not known yet
// when the program is written. Such a write has a ticket instead. Ticket k means that byte Program.StageLen + 8k of the
// stage file will hold the checksum and its complement.
type Op struct {
	Kind OpKind
	Off  int64
	Len  int64
	Src  int64
	Sum  uint32
	// Check is the checksum of the bytes that OpCopy, OpStage and OpUnstage move, taken from the target before the commit.
	// It is 0 without the option Verify.
	Check uint32
}

// Stage is the part of a commit that a unit belongs to. Stages run in ascending order.
type Stage uint8

// The stages of a commit after the commit record. The zero value is the end, when the record says complete. Units
// belong to the stages up to StageShrink; the last two only read the target.
const (
	StageFence  Stage = iota + 1 // hide the partitions that are about to change
	StageExtend                  // make the target longer if the plan does
	StageCopy                    // move data within the target, in dependency order
	StagePlace                   // write new content and zeroes
	StageTable                   // write the final table, one structure at a time
	StageShrink                  // make the target shorter if the plan does
	StageVerify                  // read back what was written
	StageKeep                    // record the state of the target, so that an undo can see whether it has changed
)

func (s Stage) String() string {
	names := [...]string{"done", "fence", "extend", "copy", "place", "table", "shrink", "verify", "keep"}
	if int(s) < len(names) {
		return names[s]
	}
	return names[0]
}

// A Unit is a set of writes between two syncs. A unit that was done in part or in full can be done again without harm as
// long as the next unit has not begun.
type Unit struct {
	Stage Stage
	Ops   []Op
}

// A Probe is a run of bytes of the target and the CRC-32C of its content.
type Probe struct {
	Off int64
	Len int64
	Sum uint32
}

// A Run is a run of bytes of the target.
type Run struct{ Off, Len int64 }

// A Part is a partition's place. Messages need it, since the table does not show every partition during a commit.
type Part struct {
	Name    string // "p2"
	Off     int64  // in the target, bytes
	Len     int64
	Planned bool // the place is the one in the plan, not the one before
}

// Options select what a commit does besides its writes. They also apply to its recovery.
type Options uint64

// The options.
const (
	Verify      Options = 1 << iota // read everything back before the transaction counts as complete
	KeepUndo                        // keep the files that an undo of the complete transaction needs
	LosesUnused                     // a roll back does not restore the content of some blocks that no file system used
	Erases                          // content is wiped: once that has begun there is no way back
	Switches                        // one write makes the disk another one; the heads are what an undo needs of the target
)

// Has reports whether w is one of the options.
func (all Options) Has(w Options) bool { return all&w != 0 }

// A Program is everything that a recovery needs besides the files spill, before and stage.
type Program struct {
	SizeBefore int64 // of the target, in bytes
	SizeAfter  int64
	Name       string // the target's path when the transaction began, for messages
	Plan       string // the plan file text, for messages
	Began      int64  // in nanoseconds since 1970, or in seconds: Start knows both
	Sector     int64  // the length of a sector in bytes, for messages
	Parts      []Part // for messages
	Options    Options
	Units      []Unit
	// RestoreData restores the content that units overwrite and no copy preserves. RestoreTable restores the table, as the
	// last step of a roll back.
	RestoreData  []Op
	RestoreTable []Op
	// Refence hides the changed partitions at the start of a roll back.
	Refence []Op
	// Probes are blocks that the transaction never writes. Recovery recognises the target by them.
	Probes []Probe
	// Heads are the first bytes of the changed partitions at their planned places. Using a file system changes them.
	Heads []Run
	// StageLen is the length of the stage file's content; the checksums of the tickets follow it.
	StageLen int64
}

// Start returns when the transaction began, to the second if that is all that its journal says.
func (p Program) Start() time.Time {
	const seconds = 1 << 36 // since 1970, two thousand years; as nanoseconds that is a minute
	if -seconds < p.Began && p.Began < seconds {
		return time.Unix(p.Began, 0)
	}
	return time.Unix(0, p.Began)
}

// Writes yields every write of the units in order, with its stage.
func (p Program) Writes() iter.Seq2[Stage, Op] {
	return func(yield func(Stage, Op) bool) {
		for _, u := range p.Units {
			for _, op := range u.Ops {
				if !yield(u.Stage, op) {
					return
				}
			}
		}
	}
}

// The lengths of stored list elements, in bytes.
const (
	opLen    = 1 + 8 + 8 + 8 + 4 + 4
	probeLen = 8 + 8 + 4
	runLen   = 8 + 8
)

// Encode returns the program as it is stored in the file journal: six numbers, two strings, then seven lists, each after
// its length. The elements have a fixed length, except that a unit holds a list itself and a partition has a name.
func (p Program) Encode() []byte {
	var e encoder
	e.numbers(p.SizeBefore, p.SizeAfter, p.StageLen, p.Began, int64(p.Options), p.Sector)
	e.text(p.Name)
	e.text(p.Plan)
	e.numbers(int64(len(p.Units)))
	for _, u := range p.Units {
		e = append(e, byte(u.Stage))
		e.ops(u.Ops)
	}
	e.ops(p.RestoreData)
	e.ops(p.RestoreTable)
	e.ops(p.Refence)
	e.probes(p.Probes)
	e.numbers(int64(len(p.Heads)))
	for _, r := range p.Heads {
		e.numbers(r.Off, r.Len)
	}
	e.numbers(int64(len(p.Parts)))
	for _, part := range p.Parts {
		e.text(part.Name)
		e.numbers(part.Off, part.Len)
		planned := byte(0)
		if part.Planned {
			planned = 1
		}
		e = append(e, planned)
	}
	return e
}

// An encoder collects the stored form of a program or a seal.
type encoder []byte

func (e *encoder) numbers(list ...int64) {
	for _, v := range list {
		*e = bigEndian.AppendUint64(*e, uint64(v))
	}
}

func (e *encoder) text(s string) {
	e.numbers(int64(len(s)))
	*e = append(*e, s...)
}

func (e *encoder) ops(list []Op) {
	e.numbers(int64(len(list)))
	for _, op := range list {
		*e = append(*e, byte(op.Kind))
		e.numbers(op.Off, op.Len, op.Src)
		*e = bigEndian.AppendUint32(bigEndian.AppendUint32(*e, op.Sum), op.Check)
	}
}

func (e *encoder) probes(list []Probe) {
	e.numbers(int64(len(list)))
	for _, p := range list {
		e.numbers(p.Off, p.Len)
		*e = bigEndian.AppendUint32(*e, p.Sum)
	}
}
