package journal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"shunt/model/tried"
)

// What a program may hold at most. It is more than any commit needs, and Create refuses more, so that nothing is
// committed whose journal would not be read.
const (
	maxName  = 64 << 10 // bytes of the target's path
	maxPlan  = 4 << 20  // bytes of the plan
	maxTable = 4096     // writes of the fence, and of the way back to it: structures of a partition table
	maxParts = 1 << 14  // partitions, before and after
	maxPart  = 64       // bytes of a partition's name
	// MaxProbes is how many blocks a target is known by.
	MaxProbes = 64
)

// farthest is an offset behind every byte of any file, so that sums of two do not overflow.
const farthest = 1 << 61

// DecodeProgram reads what Encode wrote. Content that Encode cannot have written is an error that wraps ErrDamaged. The
// memory it takes is bounded by the length of what it reads, and not by what that claims.
func DecodeProgram(b []byte) (Program, error) {
	s, err := decode(bytes.NewReader(b), int64(len(b)), sketch)
	if err == nil {
		s, err = decode(bytes.NewReader(b), int64(len(b)), whole)
	}
	if err != nil {
		return Program{}, err
	}
	return s.Program, nil
}

// How much of a program is kept when it is read.
type scope int

const (
	sketch scope = iota // all is checked, and what only the walk needs is counted
	whole               // the lists get the room they claim to need: it was all checked before
)

// decode reads a program of n bytes. With sketch the lists of the program are those of a Summary.
func decode(r io.Reader, n int64, keep scope) (Summary, error) {
	d := &decoder{in: bufio.NewReaderSize(r, 64<<10), left: n, keep: keep}
	var s Summary
	p := &s.Program
	p.SizeBefore, p.SizeAfter, p.StageLen = d.i64(), d.i64(), d.i64()
	p.Began, p.Options, p.Sector = d.i64(), Options(d.i64()), d.i64()
	p.Name, p.Plan = d.text(maxName), d.text(maxPlan)
	d.reach, d.stage = max(p.SizeBefore, p.SizeAfter), p.StageLen
	if p.SizeBefore < 0 || p.SizeAfter < 0 || d.reach > farthest || p.StageLen < 0 || p.StageLen > d.reach {
		d.fail("impossible size")
	}
	d.units(&s)
	p.RestoreData, s.RestoreData = d.ops(farthest, keep == whole)
	p.RestoreTable, s.RestoreTable = d.ops(farthest, keep == whole)
	p.Refence, _ = d.ops(maxTable, true)
	p.Probes = d.probes(MaxProbes)
	for range d.count(16, maxParts) {
		run := Run{Off: d.i64(), Len: d.i64()}
		d.place(run.Off, run.Len, farthest)
		p.Heads = append(p.Heads, run)
	}
	for range d.count(25, maxParts) {
		part := Part{Name: d.text(maxPart), Off: d.i64(), Len: d.i64(), Planned: d.u8() == 1}
		d.place(part.Off, part.Len, farthest)
		p.Parts = append(p.Parts, part)
	}
	if err := d.end(); err != nil {
		return Summary{}, err
	}
	return s, nil
}

type decoder struct {
	in    *bufio.Reader
	left  int64 // bytes
	reach int64 // the end of the target, before or after, whichever is behind the other
	stage int64 // the length of the stage file
	keep  scope
	err   error
	cause error // what could not be read, as opposed to understood
}

// take is the next n bytes, at most a few; they are good until the next call.
func (d *decoder) take(n int) []byte {
	if d.err != nil || d.cause != nil {
		return nil
	}
	if int64(n) > d.left {
		d.fail("cut short")
		return nil
	}
	b, err := d.in.Peek(n)
	if err == nil {
		_, err = d.in.Discard(n)
	}
	if err != nil {
		d.cause = err
		return nil
	}
	d.left -= int64(n)
	return b
}

// fail notes what is wrong, unless something was before.
func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = errors.New(what)
	}
}

// failed reports that there is no use in reading on.
func (d *decoder) failed() bool { return d.err != nil || d.cause != nil }

// place checks a run of bytes of a file that ends at end.
func (d *decoder) place(off, n, end int64) {
	if off < 0 || n <= 0 || off > end || n > end-off {
		d.fail("impossible place")
	}
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

// text is a string of at most that many bytes.
func (d *decoder) text(most int64) string {
	n := d.i64()
	if n < 0 || n > d.left || n > most {
		d.fail("impossible text")
		return ""
	}
	if d.failed() {
		return ""
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(d.in, b); err != nil {
		d.cause = err
		return ""
	}
	d.left -= n
	return string(b)
}

// units reads the units. None of them is empty.
func (d *decoder) units(s *Summary) {
	n := d.count(9+opLen, farthest)
	if d.keep == whole && n > 0 {
		s.Program.Units = make([]Unit, 0, d.room(n))
	}
	fenceOps := 0
	for range n {
		u := Unit{Stage: Stage(d.u8())}
		if u.Stage < StageFence || u.Stage > StageShrink {
			d.fail("impossible stage")
		}
		fence := u.Stage == StageFence
		var ops int
		u.Ops, ops = d.ops(farthest, d.keep == whole || fence)
		if fence {
			fenceOps += ops
		}
		if ops == 0 || fenceOps > maxTable || !s.add(u.Stage) {
			d.fail("impossible step")
		}
		if d.failed() {
			return
		}
		if d.keep == whole || fence {
			s.Program.Units = append(s.Program.Units, u)
		}
	}
}

// room is how many of n elements to set memory aside for before they are read. What was not checked gets little for what it
// claims.
func (d *decoder) room(n int) int {
	if d.keep == whole {
		return n
	}
	return min(n, 64)
}

// ops reads a list of writes and keeps it if that is asked for.
func (d *decoder) ops(most int64, keep bool) (ops []Op, n int) {
	n = d.count(opLen, most)
	if keep && n > 0 {
		ops = make([]Op, 0, d.room(n))
	}
	for range n {
		e := d.take(opLen)
		if e == nil {
			return nil, 0
		}
		op := Op{
			Kind: OpKind(e[0]),
			Off:  int64(binary.BigEndian.Uint64(e[1:])),
			Len:  int64(binary.BigEndian.Uint64(e[9:])),
			Src:  int64(binary.BigEndian.Uint64(e[17:])),
			Sum:  binary.BigEndian.Uint32(e[25:]), Check: binary.BigEndian.Uint32(e[29:]),
		}
		if d.op(op); d.failed() {
			return nil, 0
		}
		if keep {
			ops = append(ops, op)
		}
	}
	return ops, n
}

// op checks that a write stays within the target, and what it reads within what can be there.
func (d *decoder) op(op Op) {
	to, from := d.reach, int64(farthest)
	switch op.Kind {
	case OpCopy:
		from = d.reach
	case OpUnstage:
		from = d.stage
	case OpStage:
		to, from = d.stage, d.reach
	case OpPlace, OpZero, OpRestore:
	case OpSize:
		if op.Len < 0 || op.Len > d.reach {
			d.fail("impossible size")
		}
		return
	default:
		d.fail("impossible write")
	}
	d.place(op.Off, op.Len, to)
	d.place(op.Src, op.Len, from)
}

func (d *decoder) probes(most int64) []Probe {
	var list []Probe
	for range d.count(probeLen, most) {
		e := d.take(probeLen)
		if e == nil {
			return nil
		}
		p := Probe{
			Off: int64(binary.BigEndian.Uint64(e[0:])), Len: int64(binary.BigEndian.Uint64(e[8:])), Sum: binary.BigEndian.Uint32(e[16:]),
		}
		if d.place(p.Off, p.Len, farthest); d.failed() {
			return nil
		}
		list = append(list, p)
	}
	return list
}

// end is what was wrong with everything up to the end; it wraps ErrDamaged unless it could not be read.
func (d *decoder) end() error {
	switch {
	case d.cause != nil:
		return tried.Errorf("read journal: %w", d.cause)
	case d.err == nil && d.left > 0:
		d.fail("bytes behind the end")
	}
	if d.err != nil {
		return fmt.Errorf("%w: program: %w", ErrDamaged, d.err)
	}
	return nil
}

// count reads the length of a list of at most that many elements. Each element takes at least size bytes.
func (d *decoder) count(size, most int64) int {
	n := d.i64()
	if n < 0 || n > most || n > d.left/size {
		d.fail("impossible length")
		return 0
	}
	return int(n)
}
