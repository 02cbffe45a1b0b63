package fsys

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"shunt/model"
	"shunt/model/scan/fatfs"
)

// fatBuilder makes FAT volumes in memory that tools do not make: files in many pieces anywhere, bad clusters, lost
// chains, deleted entries, up to four FATs of which any may be the one that counts.
type fatBuilder struct {
	rng   *rand.Rand
	v     fatfs.Volume
	img   memory
	table []fatEntry
	free  []int64
	files map[string]string
	bad   []int64
	short bool // of FAT12 and FAT16: the sectors are counted in 16 bits
}

// buildFAT makes a volume of random shape. The files are by path; a directory has no content and a path that ends
// with a slash.
func buildFAT(rng *rand.Rand, kind model.FSKind) *fatBuilder {
	v := fatfs.Volume{
		Kind: kind, SectorSize: 512 << rng.IntN(2), PerCluster: 1 << rng.IntN(3), Reserved: 1 + rng.Int64N(9),
		Copies: 1 + rng.Int64N(4), RootEntries: 16 * (1 + rng.Int64N(20)), Media: 0xF8,
	}
	clusters := 20 + rng.Int64N(1500)
	switch kind {
	case model.FAT16:
		v.SectorSize, v.PerCluster, clusters = 512, 1+rng.Int64N(2), 4087+rng.Int64N(2000)
	case model.FAT32:
		v.Reserved, v.RootEntries, v.Info, v.Backup = 9, 0, 1, 6
		v.Active = rng.Int64N(v.Copies)
	default:
	}
	v.FATSectors = (v.FATLen(clusters) + v.SectorSize - 1) / v.SectorSize
	if rng.IntN(3) == 0 {
		v.FATSectors += rng.Int64N(3)
	}
	v.Sectors = v.DataStart() + clusters*v.PerCluster + rng.Int64N(v.PerCluster)
	b := &fatBuilder{
		rng: rng, v: v, img: make(memory, v.Size()), files: map[string]string{}, short: kind != model.FAT32 && v.Sectors < 1<<16,
		table: make([]fatEntry, clusters+fatfs.FirstCluster),
	}
	for at := 0; at < len(b.img); at += 8 { // old contents
		binary.LittleEndian.PutUint64(b.img[at:], rng.Uint64())
	}
	mask := fatMask(kind)
	for i := range b.table {
		b.table[i] = fatEntry{mask: mask}
	}
	b.table[0], b.table[1] = fatEntry{0xFFFFFFF8 & mask, mask}, fatEntry{0xFFFFFFFF & mask, mask}
	for c := int64(fatfs.FirstCluster); c < int64(len(b.table)); c++ {
		b.free = append(b.free, c)
	}
	if rng.IntN(2) == 0 { // full of pieces
		rng.Shuffle(len(b.free), func(i, j int) { b.free[i], b.free[j] = b.free[j], b.free[i] })
	}
	skip := rng.IntN(len(b.free) / 4)
	b.free = append(b.free[skip:], b.free[:skip]...)
	for range rng.IntN(4) {
		c := b.free[len(b.free)-1-rng.IntN(len(b.free)/3)]
		if !b.table[c].bad() {
			b.table[c].value = 0xFFFFFFF7 & mask
			b.bad = append(b.bad, c)
		}
	}
	b.chain(1 + rng.Int64N(3)) // a lost one
	b.populate()
	b.write()
	return b
}

// chain takes n clusters.
func (b *fatBuilder) chain(n int64) (clusters []int64) {
	for int64(len(clusters)) < n && len(b.free) > 0 {
		c := b.free[0]
		b.free = b.free[1:]
		if b.table[c].free() {
			clusters = append(clusters, c)
		}
	}
	for i, c := range clusters {
		b.table[c].value = 0xFFFFFFFF & b.table[c].mask
		if i+1 < len(clusters) {
			b.table[c] = b.table[c].with(clusters[i+1])
		}
	}
	return clusters
}

func (b *fatBuilder) put(clusters []int64, content []byte) {
	size := b.v.ClusterSize()
	for i, c := range clusters {
		at := b.img[b.v.ClusterAt(c):][:size]
		clear(at)
		if rest := int64(i) * size; rest < int64(len(content)) {
			copy(at, content[rest:])
		}
	}
}

func dirEntry(name string, attr byte, first, size int64) []byte {
	e := make([]byte, fatDirEntry)
	copy(e, fmt.Sprintf("%-11s", name))
	e[11] = attr
	binary.LittleEndian.PutUint16(e[26:], uint16(first))
	binary.LittleEndian.PutUint16(e[20:], uint16(first>>16))
	binary.LittleEndian.PutUint32(e[28:], uint32(size))
	return e
}

// populate fills the volume to a random degree.
func (b *fatBuilder) populate() {
	most := b.rng.IntN(len(b.free))
	if b.rng.IntN(6) == 0 {
		most = len(b.free) - 8
	}
	until := max(4, len(b.free)-most)
	label := dirEntry("LABEL", fatAttrVolume, 0, 0)
	if b.v.Kind == model.FAT32 {
		root := b.chain(1 + b.rng.Int64N(4))
		b.v.RootCluster = root[0]
		entries := b.directory("/", 0, int64(len(root))*b.v.ClusterSize()/fatDirEntry, until, 0)
		b.put(root, append(label, entries...))
		return
	}
	entries := append(label, b.directory("/", 0, b.v.RootEntries, until, 0)...)
	clear(b.img[b.v.RootStart()*b.v.SectorSize:][:b.v.RootSectors()*b.v.SectorSize])
	copy(b.img[b.v.RootStart()*b.v.SectorSize:], entries)
}

// directory makes the entries of a directory with files and directories in it, at most room-1.
func (b *fatBuilder) directory(path string, self, room int64, until, depth int) (entries []byte) {
	count := int64(0)
	for ; count < room-4 && len(b.free) > until; count++ {
		name := fmt.Sprintf("N%d", count)
		switch b.rng.IntN(12) {
		case 0:
			entries = append(entries, dirEntry("\xE5GONE", 0x20, b.rng.Int64N(1<<20), 77)...)
			continue
		case 1:
			long := dirEntry("Along name", fatAttrLong, 0, 0xFFFFFFFF)
			entries = append(entries, long...)
			continue
		case 2:
			b.files[path+name] = ""
			entries = append(entries, dirEntry(name, 0x20, 0, 0)...)
			continue
		case 3, 4:
			if depth > 4 {
				continue
			}
			clusters := b.chain(1 + b.rng.Int64N(3))
			inside := path + name + "/"
			b.files[inside] = ""
			content := append(dirEntry(".", fatAttrDir, clusters[0], 0), dirEntry("..", fatAttrDir, self, 0)...)
			content = append(content, b.directory(inside, clusters[0], int64(len(clusters))*b.v.ClusterSize()/fatDirEntry-3, until, depth+1)...)
			b.put(clusters, content)
			entries = append(entries, dirEntry(name, fatAttrDir, clusters[0], 0)...)
			continue
		}
		content := filler(b.rng, 1+b.rng.IntN(int(6*b.v.ClusterSize())))
		clusters := b.chain((int64(len(content)) + b.v.ClusterSize() - 1) / b.v.ClusterSize())
		content = content[:min(len(content), len(clusters)*int(b.v.ClusterSize()))]
		if len(clusters) == 0 {
			return entries
		}
		b.put(clusters, content)
		b.files[path+name] = string(content)
		entries = append(entries, dirEntry(name, 0x20, clusters[0], int64(len(content)))...)
	}
	return entries
}

// write puts boot sectors, FSInfo and FATs into the image.
func (b *fatBuilder) write() {
	v, le := b.v, binary.LittleEndian
	boot := make([]byte, v.SectorSize)
	copy(boot, "\xEB\x58\x90BUILDER ")
	le.PutUint16(boot[11:], uint16(v.SectorSize))
	boot[13], boot[16], boot[21] = byte(v.PerCluster), byte(v.Copies), v.Media
	le.PutUint16(boot[14:], uint16(v.Reserved))
	le.PutUint16(boot[17:], uint16(v.RootEntries))
	le.PutUint32(boot[28:], 2048)
	if b.short {
		le.PutUint16(boot[19:], uint16(v.Sectors))
	} else {
		le.PutUint32(boot[32:], uint32(v.Sectors))
	}
	boot[510], boot[511] = 0x55, 0xAA
	if v.Kind == model.FAT32 {
		le.PutUint32(boot[36:], uint32(v.FATSectors))
		if v.Active > 0 {
			le.PutUint16(boot[40:], uint16(0x80|v.Active))
		}
		le.PutUint32(boot[44:], uint32(v.RootCluster))
		le.PutUint16(boot[48:], 1)
		le.PutUint16(boot[50:], 6)
		boot[66] = 0x29
		info := make([]byte, v.SectorSize)
		copy(info, "RRaA")
		copy(info[484:], "rrAa")
		info[510], info[511] = 0x55, 0xAA
		free := 0
		for _, e := range b.table {
			if e.free() {
				free++
			}
		}
		le.PutUint32(info[488:], uint32(free))
		for _, at := range []int64{0, 6} {
			copy(b.img[at*v.SectorSize:], boot)
			copy(b.img[(at+1)*v.SectorSize:], info)
		}
	} else {
		le.PutUint16(boot[22:], uint16(v.FATSectors))
		boot[38] = 0x29
		copy(b.img, boot)
	}
	for i := range v.Copies {
		fat := b.img[v.FATAt(i):][:v.FATSectors*v.SectorSize]
		if v.Active > 0 && i != v.Active {
			continue // mirroring is off: anything may be in it
		}
		for c, e := range b.table { // behind the last entry there may be anything
			setEntry(fat, v.Kind, int64(c), e)
		}
	}
}

// readFATFiles reads all files of a volume and makes sure that it is in order, with other eyes than the resize.
func readFATFiles(t testing.TB, img memory) (files map[string]string, v fatfs.Volume) {
	t.Helper()
	v, ok := fatfs.Parse(img)
	if !ok || v.Size() > int64(len(img)) {
		t.Fatalf("no FAT volume in %d bytes: %+v", len(img), v)
	}
	fat := img[v.FATAt(v.Active):][:v.FATSectors*v.SectorSize]
	n := v.Clusters() + fatfs.FirstCluster
	next := func(c int64) int64 { return entryOf(fat, v.Kind, c).number() }
	taken := map[int64]string{}
	follow := func(path string, c int64) (content []byte) {
		for {
			if c < fatfs.FirstCluster || c >= n || taken[c] != "" {
				t.Fatalf("%s reaches cluster %d of %d, which %q has", path, c, n, taken[c])
			}
			taken[c] = path
			content = append(content, img[v.ClusterAt(c):][:v.ClusterSize()]...)
			e := entryOf(fat, v.Kind, c)
			if e.last() {
				return content
			}
			c = e.number()
		}
	}
	files = map[string]string{}
	var walk func(path string, self, parent int64, b []byte)
	walk = func(path string, self, parent int64, b []byte) {
		for ; len(b) >= fatDirEntry && b[0] != 0; b = b[fatDirEntry:] {
			if b[0] == 0xE5 || b[11] == fatAttrLong || b[11]&fatAttrVolume != 0 {
				continue
			}
			first := int64(binary.LittleEndian.Uint16(b[26:])) | int64(binary.LittleEndian.Uint16(b[20:]))<<16
			name := string(bytesTrim(b[:11]))
			switch {
			case name == "." && first == self, name == ".." && first == parent:
			case b[11]&fatAttrDir != 0:
				files[path+name+"/"] = ""
				walk(path+name+"/", first, self, follow(path+name, first))
			case first == 0:
				files[path+name] = ""
			default:
				files[path+name] = string(follow(path+name, first)[:binary.LittleEndian.Uint32(b[28:])])
			}
		}
	}
	if v.Kind == model.FAT32 {
		walk("/", 0, 0, follow("/", v.RootCluster))
	} else {
		walk("/", 0, 0, img[v.RootStart()*v.SectorSize:][:v.RootEntries*fatDirEntry])
	}
	free := 0
	for c := int64(fatfs.FirstCluster); c < n; c++ {
		if next(c) == 0 {
			free++
		}
	}
	if v.Info > 0 {
		for _, at := range []int64{v.Info, v.Backup + v.Info} {
			if got := int(binary.LittleEndian.Uint32(img[at*v.SectorSize+488:])); got != free {
				t.Errorf("FSInfo in sector %d says %d free clusters, there are %d", at, got, free)
			}
		}
		if string(img[:512]) != string(img[v.Backup*v.SectorSize:][:512]) {
			t.Error("the backup boot sector differs")
		}
	}
	return files, v
}

func bytesTrim(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// badPlaces are where on the medium clusters are marked as bad.
func badPlaces(img memory, v fatfs.Volume) (places []int64) {
	fat := img[v.FATAt(v.Active):]
	for c := int64(fatfs.FirstCluster); c < v.Clusters()+fatfs.FirstCluster; c++ {
		if entryOf(fat, v.Kind, c).bad() {
			places = append(places, v.ClusterAt(c))
		}
	}
	return places
}

func sameTree(t testing.TB, got, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%d files instead of %d, or their content differs", len(got), len(want))
	}
}
