package block

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
)

func (c call) String() string {
	verb := map[int32]string{
		unix.BLKPG_ADD_PARTITION: "add", unix.BLKPG_DEL_PARTITION: "del", unix.BLKPG_RESIZE_PARTITION: "resize",
	}[c.verb]
	if c.verb == unix.BLKPG_DEL_PARTITION {
		return fmt.Sprintf("%s %d", verb, c.part.Number)
	}
	return fmt.Sprintf("%s %d %d+%d", verb, c.part.Number, c.part.Start, c.part.Len)
}

func TestCallsFor(t *testing.T) {
	p := func(number int, start, n int64) target.Part { return target.Part{Number: number, Start: start, Len: n} }
	for _, c := range []struct {
		name       string
		have, want []target.Part
		calls      string
	}{
		{"nothing", nil, nil, ""},
		{"the same", []target.Part{p(1, 10, 10)}, []target.Part{p(1, 10, 10)}, ""},
		{"all are new", nil, []target.Part{p(1, 10, 10), p(2, 20, 10)}, "add 1 10+10, add 2 20+10"},
		{"all go", []target.Part{p(1, 10, 10), p(2, 20, 10)}, nil, "del 2, del 1"},
		{"one moves away and one grows after it", []target.Part{p(1, 10, 10), p(2, 20, 10)}, []target.Part{p(1, 10, 20), p(2, 30, 10)}, "del 2, resize 1 10+20, add 2 30+10"},
		{"the shorter one first", []target.Part{p(1, 20, 10), p(2, 10, 10), p(3, 30, 9)}, []target.Part{p(1, 20, 5), p(2, 10, 10), p(3, 30, 10)}, "resize 1 20+5, resize 3 30+10"},
		{"a logical is gone and the others are renumbered", []target.Part{p(5, 10, 10), p(6, 20, 10), p(7, 30, 10)}, []target.Part{p(5, 20, 10), p(6, 30, 10)}, "del 7, del 6, del 5, add 5 20+10, add 6 30+10"},
		{"a logical comes in between", []target.Part{p(5, 10, 10), p(6, 30, 10)}, []target.Part{p(5, 10, 10), p(6, 20, 10), p(7, 30, 10)}, "del 6, add 6 20+10, add 7 30+10"},
	} {
		var got []string
		for _, call := range callsFor(c.have, c.want) {
			got = append(got, call.String())
		}
		if text := strings.Join(got, ", "); text != c.calls {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, text, c.calls)
		}
	}
}

// table stands for the kernel: it refuses what the kernel refuses.
type table map[int]target.Part

func (k table) do(c call) error {
	for _, other := range k {
		if c.verb != unix.BLKPG_DEL_PARTITION && other.Number != c.part.Number &&
			other.Start < c.part.Start+c.part.Len && c.part.Start < other.Start+other.Len {
			return fmt.Errorf("%v overlaps %v", c, other)
		}
	}
	old, there := k[c.part.Number]
	switch c.verb {
	case unix.BLKPG_ADD_PARTITION:
		if there {
			return fmt.Errorf("%v is there", c)
		}
	case unix.BLKPG_DEL_PARTITION:
		if !there {
			return fmt.Errorf("%v is not there", c)
		}
		delete(k, c.part.Number)
		return nil
	case unix.BLKPG_RESIZE_PARTITION:
		if !there || old.Start != c.part.Start {
			return fmt.Errorf("%v changes the start of %v", c, old)
		}
	}
	k[c.part.Number] = c.part
	return nil
}

func TestCallsForRandomTables(t *testing.T) {
	rng := random(t)
	for range 2000 {
		have, want := randomParts(rng), randomParts(rng)
		kernel := table{}
		for _, p := range have {
			kernel[p.Number] = p
		}
		calls := callsFor(have, want)
		for _, c := range calls {
			if err := kernel.do(c); err != nil {
				t.Fatalf("%v\nhave %v\nwant %v\ncalls %v", err, have, want, calls)
			}
		}
		if len(kernel) != len(want) || slices.ContainsFunc(want, func(p target.Part) bool { return kernel[p.Number] != p }) {
			t.Fatalf("have %v\nwant %v\ncalls %v\nleave %v", have, want, calls, kernel)
		}
	}
}

// randomParts are partitions in a row, with numbers in any order.
func randomParts(rng *rand.Rand) []target.Part {
	var list []target.Part
	at := int64(1)
	for _, number := range rng.Perm(6) {
		at += rng.Int64N(3)
		n := 1 + rng.Int64N(4)
		if rng.IntN(3) > 0 {
			list = append(list, target.Part{Number: number + 1, Start: at, Len: n})
		}
		at += n
	}
	return list
}
