package journal

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"shunt/model/tried"
)

// The limits of a program. No commit needs as much, and Check refuses a program that exceeds them, so that nothing is
// committed with a journal that could not be read.
const (
	maxName  = 64 << 10 // bytes of the target's path
	maxPlan  = 4 << 20  // bytes of the plan
	maxTable = 4096     // writes of the fence, and of Refence
	maxParts = 1 << 14  // partitions, before and after
	maxPart  = 64       // bytes of a partition's name
	// MaxProbes is the number of blocks by which a target is recognised.
	MaxProbes = 64
)

// farthest is an offset behind every byte of any file, so that sums of two do not overflow.
const farthest = 1 << 61

// DecodeProgram reads what Encode wrote. The error wraps ErrDamaged if Encode cannot have written b. DecodeProgram takes
// memory in proportion to the length of b, not to the lengths that b claims.
func DecodeProgram(b []byte) (Program, error) {
	s, err := decode(bytes.NewReader(b), int64(len(b)), summaryOnly, ErrDamaged)
	if err == nil {
		s, err = decode(bytes.NewReader(b), int64(len(b)), whole, ErrDamaged)
	}
	return s.Program, err
}

// scope says how much of a program is kept when it is read.
type scope int

const (
	summaryOnly scope = iota // check everything and keep a Summary
	whole                    // keep everything; the caller has checked it with summaryOnly before
)

// decode reads a program of n bytes. With summaryOnly the lists of the program are those of a Summary. Errors about the
// content wrap damaged.
func decode(r io.Reader, n int64, keep scope, damaged error) (Summary, error) {
	d := newDecoder(r, n, "program", damaged)
	d.keep = keep
	var s Summary
	p := &s.Program
	p.SizeBefore, p.SizeAfter, p.StageLen = d.i64(), d.i64(), d.i64()
	p.Began, p.Options, p.Sector = d.i64(), Options(d.i64()), d.i64()
	p.Name, p.Plan = d.text(maxName), d.text(maxPlan)
	d.reach, d.stage = max(p.SizeBefore, p.SizeAfter), p.StageLen
	if p.SizeBefore < 0 || p.SizeAfter < 0 || d.reach > farthest || p.StageLen < 0 || p.StageLen > d.reach {
		d.fail("has an impossible size")
	}
	d.units(&s)
	p.RestoreData, s.RestoreData = d.ops(farthest, keep == whole)
	p.RestoreTable, s.RestoreTable = d.ops(farthest, keep == whole)
	p.Refence, _ = d.ops(maxTable, true)
	p.Probes = d.probes(MaxProbes)
	p.Heads, _ = list(d, runLen, maxParts, func() (Run, bool) {
		run := Run{Off: d.i64(), Len: d.i64()}
		d.within(run.Off, run.Len, farthest)
		return run, true
	})
	p.Parts, _ = list(d, 8+runLen+1, maxParts, func() (Part, bool) {
		part := Part{Name: d.text(maxPart), Off: d.i64(), Len: d.i64(), Planned: d.u8() == 1}
		d.within(part.Off, part.Len, farthest)
		return part, true
	})
	if err := d.end(); err != nil {
		return Summary{}, err
	}
	return s, nil
}

// A decoder reads what an encoder wrote, and checks it. After the first error it returns zeroes.
type decoder struct {
	in      *bufio.Reader
	left    int64 // bytes
	reach   int64 // the length of the target before or after the transaction, whichever is larger
	stage   int64 // the length of the stage file
	keep    scope
	what    string // "program" or "seal", for errors
	damaged error  // wrapped by errors about the content
	err     error
}

// newDecoder returns a decoder for the next n bytes of r.
func newDecoder(r io.Reader, n int64, what string, damaged error) *decoder {
	return &decoder{in: bufio.NewReaderSize(r, int(min(n, 64<<10))), left: n, what: what, damaged: damaged}
}

// fail records what is wrong with the content, unless there was an error before.
func (d *decoder) fail(problem string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: the %s %s", d.damaged, d.what, problem)
	}
}

// take returns the next n bytes, at most 8. They are valid until the next call.
func (d *decoder) take(n int) []byte {
	if int64(n) > d.left {
		d.fail("is cut short")
	}
	if d.err == nil {
		b, err := d.in.Peek(n)
		if err == nil {
			_, err = d.in.Discard(n)
		}
		if err == nil {
			d.left -= int64(n)
			return b
		}
		d.err = tried.Errorf("read journal: %w", err)
	}
	return make([]byte, 8)[:n]
}

func (d *decoder) u8() byte    { return d.take(1)[0] }
func (d *decoder) u32() uint32 { return bigEndian.Uint32(d.take(4)) }
func (d *decoder) i64() int64  { return int64(bigEndian.Uint64(d.take(8))) }

// text reads a string of at most that many bytes.
func (d *decoder) text(most int64) string {
	n := d.i64()
	if n < 0 || n > d.left || n > most {
		d.fail("has an impossible text")
	}
	if d.err != nil {
		return ""
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(d.in, b); err != nil {
		d.err = tried.Errorf("read journal: %w", err)
	}
	d.left -= n
	return string(b)
}

// within checks that a run of bytes lies in a file of end bytes.
func (d *decoder) within(off, n, end int64) {
	if off < 0 || n <= 0 || off > end || n > end-off {
		d.fail("has an impossible place")
	}
}

// list reads a list of at most that many elements. Each takes at least size bytes in the file. list returns the elements
// for which read says keep, and the number of all elements.
func list[T any](d *decoder, size, most int64, read func() (element T, keep bool)) (kept []T, n int) {
	claimed := d.i64()
	if claimed < 0 || claimed > most || claimed > d.left/size {
		d.fail("has a list of impossible length")
	}
	for range claimed {
		if d.err != nil {
			return nil, 0
		}
		element, keep := read()
		if keep && kept == nil {
			room := claimed
			if d.keep != whole {
				room = min(room, 64) // the claimed length is not checked yet
			}
			kept = make([]T, 0, room)
		}
		if keep {
			kept = append(kept, element)
		}
	}
	return kept, int(claimed)
}

// units reads the units. An empty unit is damage.
func (d *decoder) units(s *Summary) {
	fenceOps := 0
	s.Program.Units, _ = list(d, 9+opLen, farthest, func() (Unit, bool) {
		u := Unit{Stage: Stage(d.u8())}
		if u.Stage < StageFence || u.Stage > StageShrink {
			d.fail("has an impossible stage")
		}
		fence := u.Stage == StageFence
		var ops int
		u.Ops, ops = d.ops(farthest, d.keep == whole || fence)
		if fence {
			fenceOps += ops
		}
		if ops == 0 || fenceOps > maxTable || !s.add(u.Stage) {
			d.fail("has an impossible step")
		}
		return u, d.keep == whole || fence
	})
}

// ops reads a list of writes. It returns their number, and with keep the writes themselves.
func (d *decoder) ops(most int64, keep bool) ([]Op, int) {
	return list(d, opLen, most, func() (Op, bool) {
		op := Op{Kind: OpKind(d.u8()), Off: d.i64(), Len: d.i64(), Src: d.i64(), Sum: d.u32(), Check: d.u32()}
		d.op(op)
		return op, keep
	})
}

// op checks that a write stays within the target and that its source can exist.
func (d *decoder) op(op Op) {
	to, from := d.reach, int64(farthest)
	switch op.Kind {
	case OpCopy:
		from = d.reach
	case OpUnstage:
		from = d.stage
	case OpStage:
		to, from = d.stage, d.reach
	case OpPlace, OpZero, OpRestore, OpReserve:
	case OpSize:
		if op.Len < 0 || op.Len > d.reach {
			d.fail("has an impossible size")
		}
		return
	case OpExchange:
		if op.Len <= 0 || op.Off != 0 {
			d.fail("has an impossible exchange")
		}
		return
	default:
		d.fail("has an impossible write")
	}
	d.within(op.Off, op.Len, to)
	d.within(op.Src, op.Len, from)
}

func (d *decoder) probes(most int64) []Probe {
	probes, _ := list(d, probeLen, most, func() (Probe, bool) {
		p := Probe{Off: d.i64(), Len: d.i64(), Sum: d.u32()}
		d.within(p.Off, p.Len, farthest)
		return p, true
	})
	return probes
}

// end returns the first error. Bytes that were not read are one too.
func (d *decoder) end() error {
	if d.left > 0 {
		d.fail("has bytes behind its end")
	}
	return d.err
}
