package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"
)

// hostile is a journal with right checksums around a body, behind which zeroes follow up to a length.
func hostile(body []byte, length int64, r Record) memory {
	h := sha256.New()
	h.Write(body)
	for left := length - int64(len(body)); left > 0; left -= 1 << 20 {
		h.Write(make([]byte, min(left, 1<<20)))
	}
	r.Seq, r.ProgramLen, r.ProgramSum = 1, uint64(length), [sha256.Size]byte(h.Sum(nil))
	b := make([]byte, programOff)
	copy(b, r.encode())
	copy(b[copySpacing:], r.encode())
	return memory{JournalName: &memoryFile{b: append(b, body...), size: programOff + length}}
}

// claims is a program up to the list of units, which claims to have n of them.
func claims(n int64) []byte {
	b := Program{SizeBefore: 1 << 20, SizeAfter: 1 << 20}.Encode()
	b = b[:6*8+2*8]
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

// behind is a program without units. The nth list behind the units claims to have n elements.
func behind(list int, n int64) []byte {
	b := claims(0)
	for range list {
		b = binary.BigEndian.AppendUint64(b, 0)
	}
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

// TestHostileSizes reads journals that claim, mostly with holes, to be of very many parts. None takes memory for what it
// claims, and each is refused for what it is.
func TestHostileSizes(t *testing.T) {
	const large = 48 << 20
	for name, body := range map[string][]byte{
		"empty units":            claims((large - 200) / 9),
		"units":                  claims((large - 200) / (9 + opLen)),
		"old content":            behind(0, (large-200)/opLen),
		"old table":              behind(1, (large-200)/opLen),
		"fences":                 behind(2, (large-200)/opLen),
		"probes":                 behind(3, (large-200)/probeLen),
		"heads":                  behind(4, (large-200)/16),
		"parts":                  behind(5, (large-200)/25),
		"a plan":                 append(claims(0)[:7*8], binary.BigEndian.AppendUint64(nil, large-200)...),
		"a name":                 append(claims(0)[:6*8], binary.BigEndian.AppendUint64(nil, large-200)...),
		"room before its place":  append(binary.BigEndian.AppendUint64(claims(0)[:16], 1<<50), claims(0)[24:]...),
		"a target of any length": append(binary.BigEndian.AppendUint64(nil, 1<<62), claims(0)[8:]...),
	} {
		t.Run(name, func(t *testing.T) {
			store := hostile(body, large, Record{})
			small(t, 2<<20, func() {
				if _, err := Open(store); !errors.Is(err, ErrDamaged) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// small runs do and makes sure that it does not take more memory than that.
func small(t *testing.T, most uint64, do func()) {
	t.Helper()
	if n := allocated(do); n > most {
		t.Errorf("%d KiB allocated", n>>10)
	}
}

// TestLargeJournal has a journal that is as large as it says: opening it takes little memory, and loading it not much more
// than it holds.
func TestLargeJournal(t *testing.T) {
	p := Program{SizeBefore: 1 << 40, SizeAfter: 1 << 40, StageLen: 1 << 20, Plan: "check 1\n"}
	op := Op{Kind: OpCopy, Off: 1, Len: 2, Src: 3}
	for range 300_000 {
		p.Units = append(p.Units, Unit{Stage: StageCopy, Ops: []Op{op}})
		p.RestoreData = append(p.RestoreData, op)
	}
	body := p.Encode()
	store := hostile(body, int64(len(body)), Record{Next: 7})
	var j *Journal
	var err error
	small(t, 2<<20, func() { j, err = Open(store) })
	if err != nil {
		t.Fatal(err)
	}
	if s := j.Summary(); len(s.Stages) != 1 || s.Stages[0] != (Steps{StageCopy, 300_000}) || s.RestoreData != 300_000 ||
		s.Program.Plan != p.Plan || j.Record().Next != 7 {
		t.Errorf("%+v, %+v", s, j.Record())
	}
	small(t, uint64(3*len(body)), func() {
		if p, err := j.Load(); err != nil || len(p.Units) != 300_000 {
			t.Errorf("%d units, %v", len(p.Units), err)
		}
	})
	for _, r := range []Record{{Next: 300_004}, {Direction: 2}, {State: 3}} {
		if _, err := Open(hostile(body, int64(len(body)), r)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// TestImpossiblePrograms changes one thing at a time to what no commit writes.
func TestImpossiblePrograms(t *testing.T) {
	op := Op{Kind: OpCopy, Off: 0, Len: 100, Src: 200}
	with := func(change func(*Program)) Program {
		p := Program{SizeBefore: 1000, SizeAfter: 2000, StageLen: 500, Units: []Unit{{Stage: StageCopy, Ops: []Op{op}}}}
		change(&p)
		return p
	}
	unit := func(op Op) func(*Program) {
		return func(p *Program) { p.Units[0].Ops = []Op{op} }
	}
	if _, err := DecodeProgram(with(func(*Program) {}).Encode()); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Program{
		"no writes":                 with(func(p *Program) { p.Units[0].Ops = nil }),
		"no stage":                  with(func(p *Program) { p.Units[0].Stage = 0 }),
		"a stage that only reads":   with(func(p *Program) { p.Units[0].Stage = StageVerify }),
		"behind the target":         with(unit(Op{Kind: OpCopy, Off: 1901, Len: 100})),
		"from behind the target":    with(unit(Op{Kind: OpCopy, Src: 1901, Len: 100})),
		"of no length":              with(unit(Op{Kind: OpZero})),
		"longer than ever":          with(unit(Op{Kind: OpSize, Len: 2001})),
		"behind the stage file":     with(unit(Op{Kind: OpStage, Off: 401, Len: 100})),
		"from behind the stage":     with(unit(Op{Kind: OpUnstage, Src: 401, Len: 100})),
		"of no kind":                with(unit(Op{Kind: OpExchange + 1, Len: 1})),
		"more room than target":     with(func(p *Program) { p.StageLen = 2001 }),
		"a negative size":           with(func(p *Program) { p.SizeAfter = -1 }),
		"an empty probe":            with(func(p *Program) { p.Probes = []Probe{{}} }),
		"too many probes":           with(func(p *Program) { p.Probes = make([]Probe, MaxProbes+1) }),
		"an empty head":             with(func(p *Program) { p.Heads = []Run{{}} }),
		"an endless plan":           with(func(p *Program) { p.Plan = string(make([]byte, maxPlan+1)) }),
		"an endless partition name": with(func(p *Program) { p.Parts = []Part{{Name: string(make([]byte, maxPart+1)), Len: 1}} }),
		"stages that come and go": with(func(p *Program) {
			for i := range maxRuns + 1 {
				p.Units = append(p.Units, Unit{Stage: StageCopy + Stage(i%2), Ops: []Op{op}})
			}
		}),
		"a fence without end": with(func(p *Program) {
			p.Units = []Unit{{Stage: StageFence, Ops: make([]Op, maxTable+1)}}
			for i := range p.Units[0].Ops {
				p.Units[0].Ops[i] = op
			}
		}),
	} {
		body := p.Encode()
		if _, err := DecodeProgram(body); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if err := Check(p); err == nil {
			t.Errorf("%s: would be committed", name)
		}
	}
}

// TestHostileSeal claims probes that are not there.
func TestHostileSeal(t *testing.T) {
	const large = 48 << 20
	body := make([]byte, 16)
	binary.BigEndian.PutUint64(body[8:], (large-16)/probeLen)
	h := sha256.New()
	h.Write(body)
	h.Write(make([]byte, large-16))
	store := memory{SealName: &memoryFile{b: body, size: large}}
	small(t, 2<<20, func() {
		if _, err := ReadSeal(store, SealMark{Len: large, Sum: [sha256.Size]byte(h.Sum(nil))}); !errors.Is(err, ErrKeptDamaged) {
			t.Errorf("%v", err)
		}
	})
}
