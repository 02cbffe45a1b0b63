package ops_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
)

var nearestFlag = flag.Int("nearest", 3000, "random edits of TestNearestIsAccepted")

// TestNearestIsAccepted refuses random edits of random disks: what a refusal names as nearest is accepted, one sector closer to
// what was asked for is not, and what is said to be in the way is.
func TestNearestIsAccepted(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	named, plain := map[string]int{}, map[string]int{}
	rare := func(kind string) bool { return named[kind] < 20 }
	kinds := []string{"ops.MoveResize", "ops.New", "ops.Copy", "ops.ImageSize"}
	for range testneed.Rounds(*nearestFlag, func() bool { return *nearestFlag < 3000 || !slices.ContainsFunc(kinds, rare) }) {
		d := oddDisk(r)
		if len(model.Check(d)) > 0 {
			continue
		}
		e := env()
		e.Caps[model.Ext4] = ops.Capability{MinSize: 256 * geometry.KiB, MaxSize: []geometry.Bytes{0, 0, 60 * geometry.MiB}[r.Intn(3)]}
		op := wildOp(r, d)
		_, err := op.Apply(d, e)
		var no *ops.Refusal
		if !errors.As(err, &no) {
			continue
		}
		kind := fmt.Sprintf("%T", op)
		if reason := misworded(string(no.Reason)) + misworded(no.Nearest); reason != "" {
			t.Errorf("%v: %s", err, reason)
		}
		obstacleHolds(t, d, op, no)
		if len(no.Bounds) == 0 {
			plain[kind]++
			continue
		}
		named[kind]++
		near := bounded(d, op, no.Bounds, 0)
		if _, err := near.Apply(d, e); err != nil {
			t.Errorf("%v\nbut %+v is refused: %v\n%s", no, near, err, sketch(d))
		}
		if len(no.Bounds) > 1 {
			continue
		}
		if closer := bounded(d, op, no.Bounds, 1); closer != op {
			if _, err := closer.Apply(d, e); err == nil {
				t.Errorf("%v\nbut %+v is closer to %+v\n%s", no, closer, op, sketch(d))
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("named %v, without a number %v", named, plain)
	if *nearestFlag >= 3000 {
		for _, kind := range kinds {
			if rare(kind) {
				t.Errorf("only %d refusals of %s named a number", named[kind], kind)
			}
		}
	}
}

// oddDisk is a random disk off every grid.
func oddDisk(r *rand.Rand) model.Disk {
	z := []geometry.SectorSize{512, 512, 4096}[r.Intn(3)]
	grain := int(geometry.AlignMiB.Grain(z))
	length := func() geometry.Sector {
		n := geometry.Sector(1 + r.Intn(40*grain))
		if r.Intn(2) == 0 {
			n = geometry.AlignMiB.Up(n, z)
		}
		return n
	}
	gap := func() geometry.Sector {
		return []geometry.Sector{0, 0, geometry.Sector(r.Intn(100)), geometry.Sector(grain), length()}[r.Intn(5)]
	}
	at := []geometry.Sector{34, 63, geometry.Sector(grain), geometry.Sector(grain) + length()}[r.Intn(4)]
	var parts []model.Partition
	add := func(p model.Partition) {
		n := length()
		p.ID, p.Span, p.Type = model.PartID(len(parts)+1), geometry.SpanOf(at, n), "0x83"
		switch r.Intn(4) {
		case 0:
		case 1:
			p.FS = model.Filesystem{Kind: model.Swap, Used: -1, Size: z.Bytes(n) &^ 4095, BlockSize: 4096}
		default:
			p.FS = ext4(z.Bytes(n)&^4095, geometry.Bytes(r.Int63n(int64(z.Bytes(n))+1)))
			if r.Intn(6) == 0 {
				p.FS.Max = p.FS.Size + geometry.Bytes(r.Intn(20))*geometry.MiB
			}
		}
		parts = append(parts, p)
		at += n
	}
	n := 1 + r.Intn(3)
	for i := range n {
		add(model.Partition{Number: i + 1})
		at += gap()
	}
	if r.Intn(2) == 0 {
		d := gpt(at+gap()+40, parts...)
		d.SectorSize = z
		return d
	}
	if r.Intn(3) > 0 {
		ext := model.Partition{ID: 50, Number: 4, Role: model.Extended, Type: model.MBRExtendedLBA, Span: geometry.Span{Start: at}}
		for i := range r.Intn(4) {
			p := model.Partition{Number: model.FirstLogical + i, Role: model.Logical, EBR: at}
			at += []geometry.Sector{1, 2, 63, geometry.Sector(grain), length()}[r.Intn(5)]
			add(p)
			at += gap()
		}
		ext.Span.End = max(at, ext.Span.Start+1)
		at = ext.Span.End + gap()
		parts = append(parts, ext)
	}
	sectors := at + gap()
	if r.Intn(10) == 0 {
		sectors += model.MBRSectors
	}
	d := mbr(sectors, parts...)
	d.SectorSize, d.Fixed = z, r.Intn(4) == 0
	return d.WithSectors(d.Sectors)
}

// wildOp is an edit that may be far from possible.
func wildOp(r *rand.Rand, d model.Disk) ops.Operation {
	far := func() geometry.Sector {
		n := geometry.Sector(r.Intn(5000))
		switch r.Intn(4) {
		case 0:
			n = geometry.Sector(r.Int63n(int64(2*d.Sectors) + 1))
		case 1:
			n *= geometry.AlignMiB.Grain(d.SectorSize) / 64
		case 2:
			n = geometry.Sector(r.Intn(10))
		}
		return n
	}
	way := func() geometry.Sector { return far() * geometry.Sector(r.Intn(3)-1) }
	parts := d.Partitions()
	p := parts[r.Intn(len(parts))]
	role := model.Role(r.Intn(3))
	if d.Table.Kind == model.TableGPT {
		role = model.Primary
	}
	switch r.Intn(8) {
	case 0:
		return ops.ImageSize{Sectors: max(0, []geometry.Sector{d.Sectors + way(), far(), 1 << 62}[r.Intn(3)])}
	case 1, 2:
		op := ops.New{ID: 99, Role: role, At: max(1, randomStart(r, d)), Len: 1 + far()}
		if role != model.Extended {
			op.FS = []model.FSKind{model.Unformatted, model.Ext4, model.FAT32, model.Swap}[r.Intn(4)]
		}
		return op
	case 3:
		if role == model.Extended {
			role = model.Primary
		}
		op := ops.Copy{ID: 99, From: p.ID, Role: role, At: max(1, randomStart(r, d))}
		if r.Intn(2) == 0 {
			op.Len = max(1, p.Span.Len()+way())
		}
		return op
	case 4, 5:
		return ops.MoveResize{ID: p.ID, Shift: way()}
	case 6:
		return ops.MoveResize{ID: p.ID, Len: max(1, p.Span.Len()+way())}
	}
	return ops.MoveResize{ID: p.ID, Shift: way(), Len: max(1, p.Span.Len()+way())}
}

// randomStart is mostly in a gap.
func randomStart(r *rand.Rand, d model.Disk) geometry.Sector {
	gaps := model.Gaps(d, model.Everything)
	if len(gaps) == 0 || r.Intn(5) == 0 {
		return geometry.Sector(r.Int63n(int64(d.Sectors)))
	}
	gap := gaps[r.Intn(len(gaps))].Span
	return gap.Start + geometry.Sector(r.Int63n(min(int64(gap.Len()), 4+int64(r.Intn(60000)))))
}

// bounded is an edit with the numbers of a refusal in the place of its own, or by sectors closer to those.
func bounded(d model.Disk, op ops.Operation, bounds []ops.Bound, by geometry.Sector) ops.Operation {
	toward := func(n, own geometry.Sector) geometry.Sector {
		switch {
		case own > n:
			return n + by
		case own < n:
			return n - by
		}
		return n
	}
	for _, b := range bounds {
		switch o := op.(type) {
		case ops.ImageSize:
			o.Sectors = toward(b.Sectors, o.Sectors)
			op = o
		case ops.New:
			if b.Of == ops.Start {
				o.At = toward(b.Sectors, o.At)
			} else {
				o.Len = toward(b.Sectors, o.Len)
			}
			op = o
		case ops.Copy:
			p, _ := d.Partition(o.From)
			if b.Of == ops.Start {
				o.At = toward(b.Sectors, o.At)
			} else if o.Len == 0 {
				o.Len = toward(b.Sectors, p.Span.Len())
			} else {
				o.Len = toward(b.Sectors, o.Len)
			}
			op = o
		case ops.MoveResize:
			p, _ := d.Partition(o.ID)
			n := o.Len
			if n == 0 {
				n = p.Span.Len()
			}
			start := p.Span.Start + o.Shift
			switch b.Of {
			case ops.Start:
				end := start + n
				start = toward(b.Sectors, start)
				if len(bounds) > 1 {
					n = end - start
				}
			case ops.End:
				n = toward(b.Sectors, start+n) - start
			case ops.Length:
				n = toward(b.Sectors, n)
			}
			o.Shift = start - p.Span.Start
			if o.Len = n; n == p.Span.Len() {
				o.Len = 0
			}
			op = o
		}
	}
	return op
}

var inTheWay = regexp.MustCompile(`(p\d+) is in the way`)

// obstacleHolds makes sure that what is in the way lies between where a partition is and where it should go, and that the end of
// the disk is not blamed where something lies before it.
func obstacleHolds(t *testing.T, d model.Disk, op ops.Operation, no *ops.Refusal) {
	t.Helper()
	o, ok := op.(ops.MoveResize)
	if !ok {
		return
	}
	p, _ := d.Partition(o.ID)
	n := o.Len
	if n == 0 {
		n = p.Span.Len()
	}
	to := geometry.SpanOf(p.Span.Start+o.Shift, n)
	way := geometry.Span{Start: min(p.Span.Start, to.Start), End: max(p.Span.End, to.End)}
	if m := inTheWay.FindStringSubmatch(string(no.Reason)); m != nil {
		for _, q := range d.Partitions() {
			if q.Ref() == m[1] && (q.ID == p.ID || !q.Span.Overlaps(way)) {
				t.Errorf("%v\n%s", no, sketch(d))
			}
		}
	}
	if !strings.Contains(string(no.Reason), "usable sector of the disk") {
		return
	}
	for _, q := range d.Partitions() {
		if q.ID == p.ID || q.Role == model.Logical {
			continue
		}
		between := q.Span.Overlaps(way)
		if near := no.Bounds; between && (len(near) == 0 || near[0].Of == ops.Start && (near[0].Sectors < q.Span.Start) == (p.Span.Start < q.Span.Start)) {
			t.Errorf("%s is in the way: %v\n%s", q.Ref(), no, sketch(d))
		}
	}
}

// sketch is a disk for messages.
func sketch(d model.Disk) string {
	text := fmt.Sprintf("%s of %d sectors of %d, usable %v\n", d.Table.Kind, d.Sectors, d.SectorSize, d.Table.Usable)
	for _, p := range d.Partitions() {
		text += fmt.Sprintf("  %s %v %v ebr %d %s, used %d, max %d\n", p.Ref(), p.Role, p.Span, p.EBR, p.FS.Kind, p.FS.Used, p.FS.Max)
	}
	return text
}

// TestFirstIsPossible tries the edits that are advised before a table can become a GPT.
func TestFirstIsPossible(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	advised := 0
	for range *nearestFlag {
		d := oddDisk(r)
		if len(model.Check(d)) > 0 {
			continue
		}
		_, err := (ops.ToGPT{}).Apply(d, env())
		var no *ops.Refusal
		if !errors.As(err, &no) {
			continue
		}
		for _, op := range no.First {
			advised++
			after, err := op.Apply(d, env())
			if err != nil {
				t.Fatalf("%v\nbut %+v is refused: %v\n%s", no, op, err, sketch(d))
			}
			if _, again := (ops.ToGPT{}).Apply(after, env()); again != nil && again.Error() == no.Error() {
				t.Fatalf("%v\nand %+v does not help\n%s", no, op, sketch(d))
			}
		}
		if (no.Nearest == "") != (len(no.First) == 0) {
			t.Fatalf("%v advises %v", no, no.First)
		}
	}
	if advised == 0 {
		t.Error("nothing was advised")
	}
}

// TestRoundedTheSafeWay types the words for a number instead of its sectors: the largest possible is not exceeded by them, nor
// the smallest undercut.
func TestRoundedTheSafeWay(t *testing.T) {
	r := rand.New(rand.NewSource(testneed.Seed(t)))
	for range *nearestFlag {
		z := []geometry.SectorSize{512, 4096}[r.Intn(2)]
		n := 1 + geometry.Sector(r.Int63n(1<<(1+r.Intn(40))))
		most, least := ops.Rounded(n, z)
		low, err := geometry.ParseSize(most, z)
		high, err2 := geometry.ParseSize(least, z)
		if err != nil || err2 != nil || z.Up(low) > n || z.Up(high) < n {
			t.Fatalf("%d sectors of %d: at most %q, at least %q; %v, %v", n, z, most, least, err, err2)
		}
		if float64(z.Up(high)-z.Up(low)) > 0.021*float64(n)+2 {
			t.Fatalf("%d sectors of %d: %q to %q is far apart", n, z, most, least)
		}
	}
}
