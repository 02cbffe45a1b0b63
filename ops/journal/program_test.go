package journal

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func sample() Program {
	return Program{
		SizeBefore: 1 << 20, SizeAfter: 2 << 20, StageLen: 4096, Name: "/images/stick.raw", Plan: "grow 1\n", Began: 1_353_542_400,
		Units: []Unit{
			{Stage: StageFence, Ops: []Op{{Kind: OpPlace, Off: 0, Len: 512, Src: 4096, Sum: 7}}},
			{Stage: StageCopy, Ops: []Op{{Kind: OpStage, Off: 0, Len: 100, Src: 5}, {Kind: OpUnstage, Off: 9, Len: 100, Src: 0}}},
			{Stage: StageShrink, Ops: []Op{{Kind: OpSize, Len: 12345}}},
		},
		RestoreData:  []Op{{Kind: OpRestore, Off: 3, Len: 4, Src: 5, Sum: 6}, {Kind: OpZero, Off: 100, Len: 200}},
		RestoreTable: []Op{{Kind: OpRestore, Off: 0, Len: 512, Src: 9, Sum: 8}},
		Refence:      []Op{{Kind: OpPlace, Off: 0, Len: 512, Src: 0, Sum: 1}},
		Probes:       []Probe{{Off: 8192, Len: 4096, Sum: 0xffffffff}},
		Sector:       512,
		Parts:        []Part{{Name: "p1", Off: 63 * 512, Len: 1 << 18}, {Name: "p1", Off: 1 << 19, Len: 1 << 18, Planned: true}},
	}
}

func TestStart(t *testing.T) {
	for began, want := range map[int64]time.Time{
		0: time.Unix(0, 0), 1_353_542_400: time.Unix(1_353_542_400, 0), -1: time.Unix(-1, 0),
		1_353_542_400_000_000_007: time.Unix(1_353_542_400, 7), -62_135_596_800: {},
	} {
		if got := (Program{Began: began}).Start(); !got.Equal(want) {
			t.Errorf("%d is %v, want %v", began, got, want)
		}
	}
}

func TestProgramRoundTrip(t *testing.T) {
	for _, p := range []Program{{}, sample()} {
		got, err := DecodeProgram(p.Encode())
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v, %v; want %+v", got, err, p)
		}
	}
}

// TestProgramCut cuts the program short at every byte: it must be refused as damage, whatever is left.
func TestProgramCut(t *testing.T) {
	whole := sample().Encode()
	for n := range whole {
		if _, err := DecodeProgram(whole[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	if _, err := DecodeProgram(append(whole, 0)); !errors.Is(err, ErrDamaged) {
		t.Error("a byte too many is not noticed")
	}
}

func FuzzDecodeProgram(f *testing.F) {
	f.Add(sample().Encode())
	f.Add(Program{}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodeProgram(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("an error that is not damage: %v", err)
			}
			return
		}
		again, err := DecodeProgram(p.Encode())
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("read %+v, wrote and read %+v, %v", p, again, err)
		}
	})
}
