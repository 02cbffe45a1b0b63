package table

import (
	"math/rand/v2"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

// randomEdit is d with one random change, which may make it invalid.
func randomEdit(rng *rand.Rand, d model.Disk, id model.PartID) model.Disk {
	parts := d.Partitions()
	at := geometry.Sector(rng.Int64N(int64(d.Sectors)))
	if len(parts) == 0 || rng.IntN(5) == 0 {
		p := model.Partition{ID: id, Number: 1 + rng.IntN(4), Span: geometry.SpanOf(at, 1+geometry.Sector(rng.IntN(3000)))}
		p.Type = model.DefaultType(d.Table.Kind, model.Primary, model.Ext4)
		switch role := rng.IntN(3); {
		case d.Table.Kind == model.TableGPT:
			p.Number = 1 + rng.IntN(d.Table.Slots)
		case role == 1:
			p.Role, p.Type, p.Span.End = model.Extended, "0x0f", p.Span.Start+geometry.Sector(rng.IntN(20000))
		case role == 2:
			p.Role, p.Number = model.Logical, model.FirstLogical+len(d.Logicals())
		}
		return d.With(p)
	}
	p := parts[rng.IntN(len(parts))]
	step := geometry.Sector(rng.IntN(4001) - 2000)
	switch rng.IntN(6) {
	case 0:
		p.Span = p.Span.Shift(step)
	case 1:
		p.Span = geometry.SpanOf(at, p.Span.Len())
	case 2:
		p.Span.End += step
	case 3:
		p.Span.Start += step
	case 4:
		return d.WithSectors(d.Sectors + step)
	case 5:
		return d.Without(p.ID)
	}
	return d.With(p)
}

func valid(d model.Disk) bool {
	for _, p := range model.Check(d) {
		if p.Severity == model.Fatal {
			return false
		}
	}
	return true
}

// Random edits, several at a time, are written and read by foreign programs; the disk is never made shorter
// or longer than the model, and nothing outside of the table's sectors changes.
func TestRandomEdits(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(uint64(testneed.Seed(t)), 0))
	for _, c := range []struct {
		name  string
		image func(t testing.TB) image
	}{{"GPT", func(t testing.TB) image {
		t.Helper()
		img := newImage(t, 16*mib)
		img.sfdisk("label: gpt\nstart=2048, size=4096, name=\"one\"\nsize=4096\nstart=20480, size=2000\n")
		return img
	}}, {"MBR", func(t testing.TB) image {
		t.Helper()
		img := newImage(t, 16*mib)
		img.sfdisk("label: dos\n1: start=63, size=2000\n2: start=4096, size=20000, type=5\n5: start=6144, size=1000\n6: start=10240, size=1000\n")
		return img
	}}} {
		img := c.image(t)
		d := img.read(s512)
		id := model.PartID(1000)
		for round := range 60 {
			after := d
			for tries, good := 0, 0; tries < 300 && good < 1+round%4; tries++ {
				id++
				next, err := model.Rechain(randomEdit(rng, after, id))
				if err == nil && valid(next) && next.Sectors > 16384 && next.Sectors < 1<<16 {
					after, good = next, good+1
				}
			}
			before := regionsOver(t, img, d, after)
			img.encode(d, after)
			for _, run := range changes(before, img.bytes()) {
				t.Errorf("%s, round %d: bytes %d to %d outside of the table changed", c.name, round, run.from, run.to)
			}
			if round%6 == 0 {
				sfdiskAgrees(t, img.path, withReadUUIDs(t, img, after))
				if c.name == "GPT" {
					if round%30 == 0 {
						oracle.SGDiskClean(t, img.path)
					}
				} else if len(after.Partitions()) > 0 {
					partxAgrees(t, img.path, after)
				}
			}
			if t.Failed() {
				t.Fatalf("%s, round %d:\n%s\n%s", c.name, round, describe(d), describe(after))
			}
			d = img.read(s512) // with IDs of its own, as a scan would give them
		}
	}
}

// regionsOver is the image with the table's sectors, before and after, filled in from what is to be written:
// what still differs later lies outside of them.
func regionsOver(t testing.TB, img image, d, after model.Disk) []byte {
	t.Helper()
	size := max(int64(after.Size()), img.size())
	img.truncate(size)
	patches, err := Encode(img.open(), d, after, newUUIDs())
	if err != nil {
		t.Fatalf("encode: %v\n%s\n%s", err, describe(d), describe(after))
	}
	all := append(mustRegions(t, img, d), mustRegions(t, img, after)...)
	b := img.bytes()
	for _, p := range patches {
		for _, r := range all {
			from, to := max(p.Off, r.Off), min(p.Off+int64(len(p.Data)), r.Off+r.Len)
			if from < to {
				copy(b[from:to], p.Data[from-p.Off:to-p.Off])
			}
		}
	}
	return b[:min(int64(len(b)), int64(after.Size()))]
}

// withReadUUIDs is d with the PARTUUIDs that new partitions got.
func withReadUUIDs(t testing.TB, img image, d model.Disk) model.Disk {
	t.Helper()
	for _, p := range d.Partitions() {
		p.UUID = numbered(t, img.read(s512), p.Number).UUID
		d = d.With(p)
	}
	return d
}

// A disk that is made shorter can be gone at its end by the time the table is encoded.
func TestEncodeAfterCut(t *testing.T) {
	t.Parallel()
	img := threeParts(t)
	d := img.read(s512)
	after := d.WithSectors(60000)
	img.truncate(int64(after.Size()))
	patches, err := Encode(img.open(), d, after, newUUIDs())
	if err != nil {
		t.Fatal(err)
	}
	img.apply(patches)
	sfdiskAgrees(t, img.path, after)
	oracle.SGDiskClean(t, img.path)
}
