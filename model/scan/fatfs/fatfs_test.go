package fatfs

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"shunt/model"
)

// bootSector makes one; a sectors per FAT of 0 in short makes it FAT32.
func bootSector(v Volume) []byte {
	b, le := make([]byte, BootSize), binary.LittleEndian
	le.PutUint16(b[11:], uint16(v.SectorSize))
	b[13], b[16], b[21] = byte(v.PerCluster), byte(v.Copies), 0xF8
	le.PutUint16(b[14:], uint16(v.Reserved))
	le.PutUint16(b[17:], uint16(v.RootEntries))
	le.PutUint32(b[32:], uint32(v.Sectors))
	if v.RootEntries == 0 {
		le.PutUint32(b[36:], uint32(v.FATSectors))
	} else {
		le.PutUint16(b[22:], uint16(v.FATSectors))
	}
	return b
}

// sized is a volume with just so many clusters of one sector.
func sized(clusters int64, kind model.FSKind) Volume {
	v := Volume{Kind: kind, SectorSize: 512, PerCluster: 1, Reserved: 1, Copies: 2, RootEntries: 512}
	if kind == model.FAT32 {
		v.Reserved, v.RootEntries = 32, 0
	}
	v.FATSectors = (v.FATLen(clusters) + 511) / 512
	v.Sectors = v.DataStart() + clusters
	return v
}

func TestKindByClusters(t *testing.T) {
	for _, c := range []struct {
		clusters int64
		kind     model.FSKind
	}{
		{1, model.FAT12},
		{4084, model.FAT12},
		{4085, model.FAT16},
		{65524, model.FAT16},
		{65525, model.FAT32},
		{100, model.FAT32},
		{maxFAT32, model.FAT32},
	} {
		v, ok := Parse(bootSector(sized(c.clusters, c.kind)))
		if !ok || v.Kind != c.kind || v.Clusters() != c.clusters {
			t.Errorf("%d clusters: %+v, %t, want %s", c.clusters, v, ok, c.kind)
		}
	}
	if v, ok := Parse(bootSector(sized(maxFAT32+1, model.FAT32))); ok {
		t.Errorf("more clusters than FAT32 has numbers for: %+v", v)
	}
}

func TestParseRefuses(t *testing.T) {
	good := bootSector(sized(5000, model.FAT16))
	for at, value := range map[int]byte{11: 1, 12: 1, 13: 3, 14: 0, 16: 5, 21: 0xF7, 22: 1} {
		b := append([]byte(nil), good...)
		if b[at] == value {
			t.Fatalf("byte %d is %d already", at, value)
		}
		b[at] = value
		if v, ok := Parse(b); ok {
			t.Errorf("byte %d is %d: %+v", at, value, v)
		}
	}
	if _, ok := Parse(good[:511]); ok {
		t.Error("half a sector")
	}
}

// TestLimits tries the sizes around the smallest and the largest one.
func TestLimits(t *testing.T) {
	for _, v := range []Volume{
		sized(100, model.FAT12), sized(4084, model.FAT12), sized(4085, model.FAT16), sized(65524, model.FAT16),
		sized(65525, model.FAT32), sized(1000, model.FAT32),
	} {
		least, most := v.MinSize(0)/512, v.MaxSize()/512
		for _, n := range []int64{least, most} {
			to, err := v.Resized(n)
			if err != nil {
				t.Errorf("%+v in %d sectors: %v", v, n, err)
				continue
			}
			if again, ok := Parse(bootSector(to)); !ok || again.Kind != v.Kind {
				t.Errorf("%+v in %d sectors is %+v", v, n, again)
			}
		}
		for _, n := range []int64{least - 1, most + 1} {
			size := new(SizeError)
			if _, err := v.Resized(n); !errors.As(err, &size) || int64(size.Nearest) != least*512 && int64(size.Nearest) != most*512 {
				t.Errorf("%+v in %d sectors: %v", v, n, err)
			}
		}
	}
}

// TestResized tries random volumes and sizes: the result must be a volume of the same kind that fits, loses hardly any
// room, and has its clusters a whole number of clusters later.
func TestResized(t *testing.T) {
	const seed = 20240229
	rng := rand.New(rand.NewPCG(seed, seed))
	for range 20000 {
		kind := []model.FSKind{model.FAT12, model.FAT16, model.FAT32}[rng.IntN(3)]
		clusters := map[model.FSKind]int64{
			model.FAT12: 1 + rng.Int64N(4084), model.FAT16: 4085 + rng.Int64N(61440), model.FAT32: 65525 + rng.Int64N(1<<22),
		}[kind]
		v := sized(clusters, kind)
		v.SectorSize, v.PerCluster, v.Copies = 512<<rng.IntN(4), 1<<rng.IntN(8), 1+rng.Int64N(4)
		v.FATSectors = (v.FATLen(clusters)+v.SectorSize-1)/v.SectorSize + rng.Int64N(3)
		v.Sectors = v.DataStart() + clusters*v.PerCluster + rng.Int64N(v.PerCluster)
		if v.Sectors >= 1<<32 {
			continue
		}
		least, most := v.MinSize(0)/v.SectorSize, v.MaxSize()/v.SectorSize
		n := least + rng.Int64N(most-least+1)
		to, err := v.Resized(n)
		if err != nil {
			t.Fatalf("%+v to %d: %v", v, n, err)
		}
		shift := v.Shift(to)
		switch again, ok := Parse(bootSector(to)); {
		case !ok || again.Kind != kind || again.Clusters() != to.Clusters():
			t.Fatalf("%+v to %d is %+v, read as %+v", v, n, to, again)
		case to.Sectors > n || n-to.Sectors > (2+to.Copies)*to.PerCluster:
			t.Fatalf("%+v to %d: %d sectors lost", v, n, n-to.Sectors)
		case shift < 0 || to.DataStart()-v.DataStart() != shift*v.PerCluster || n <= v.Sectors && shift != 0:
			t.Fatalf("%+v to %+v: shift %d", v, to, shift)
		case n >= v.Sectors && to.Clusters() < v.Clusters():
			t.Fatalf("%+v to %+v: lost clusters", v, to)
		}
	}
}
