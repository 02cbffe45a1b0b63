package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/scan"
	"shunt/model/testneed"
)

// survivor is a disk with something about its table that programs are known to break, and a plan for it. Partitions hold
// random bytes unless the script puts something there.
type survivor struct {
	name   string
	tool   string
	size   string // as truncate takes it
	script string // $IMG is the image
	bend   func(t *testing.T, image string)
	added  int // how many partitions bend adds
	plan   string
	want   map[int]string // what sfdisk says of the partitions that change: "start+sectors", "" if it is gone
	// now are numbers that partitions get, by their old ones, where a change renumbers them.
	now    map[int]int
	extra  func(t *testing.T, before, after string)
	parted string // what parted complains about, before and after; "" for nothing
	odd    bool   // sgdisk does not know such tables
}

const chained = `printf "label: dos\nlabel-id: 0xcafe1234\n1: start=2048,size=16384,type=83\n2: start=22528,size=171000,type=5\n5: start=24576,size=20480,type=83\n6: start=49152,size=20480,type=82\n7: start=73728,size=20480,type=7\n" | sfdisk -q $IMG`

func survivors() []survivor {
	return []survivor{
		{
			name: "extended of type 85", tool: "sfdisk", size: "100M", script: chained,
			bend: func(t *testing.T, image string) { t.Helper(); poke(t, image, 446+16+4, 0x85) },
			plan: "move 7 right 3MiB", want: map[int]string{7: "79872+20480"},
			extra: func(t *testing.T, _, after string) {
				t.Helper()
				if oracle.SFDisk(t, after).Part(t, 2).Type != "85" {
					t.Error("the extended partition has another type")
				}
			},
		},
		{
			name: "chain out of order", tool: "sfdisk", size: "100M",
			script: `printf "label: dos\nstart=2048,size=190000,type=5\n" | sfdisk -q $IMG
for s in 150000 100000 50000; do printf "start=$s,size=20480,type=83\n" | sfdisk -q --append $IMG; done`,
			plan: "move 6 left 1MiB", want: map[int]string{6: "97952+20480"},
		},
		{
			name: "first logical deleted", tool: "sfdisk", size: "100M", script: chained,
			plan: "delete 5", want: map[int]string{5: ""}, now: map[int]int{6: 5, 7: 6},
		},
		{
			name: "extended start moved", tool: "sfdisk", size: "100M", script: chained,
			plan: "move 2 left 1MiB and resize to 173048s", want: map[int]string{2: "20480+173048"},
		},
		{
			name: "logical moved left past its own boot record", tool: "sfdisk", size: "100M", script: chained,
			plan: "move 7 left 3000s", want: map[int]string{7: "70728+20480"},
		},
		{
			name: "second extended partition", tool: "sfdisk", size: "100M", script: chained,
			bend: func(t *testing.T, image string) {
				t.Helper()
				e := make([]byte, 16)
				e[4] = 5
				binary.LittleEndian.PutUint32(e[8:], 194000)
				binary.LittleEndian.PutUint32(e[12:], 2048)
				poke(t, image, 446+32, e...)
			},
			plan: "move 7 right 1MiB", want: map[int]string{7: "75776+20480"},
			added: 1, parted: "extended",
		},
		{
			name: "no boot code, starts at sector 63", tool: "sfdisk", size: "100M",
			script: `printf "label: dos\nstart=63,size=32193,type=6\nstart=32256,size=32256,type=83\n" | sfdisk -q $IMG`,
			bend:   func(t *testing.T, image string) { t.Helper(); poke(t, image, 0, make([]byte, 440)...) },
			plan:   "move 2 right 10MiB\nmove 1 right 1MiB", want: map[int]string{1: "2111+32193", 2: "52736+32256"},
		},
		{
			name: "GPT header of 512 bytes", tool: "sgdisk", size: "64M", script: `sgdisk -o -n1:2048:+8M -n2:0:+8M $IMG`,
			bend: func(t *testing.T, image string) { t.Helper(); bendGPT(t, image, 128, 128, 512) },
			plan: "move 2 right 5MiB", want: map[int]string{2: "28672+16384"},
		},
		{
			name: "GPT of 256 entries of 256 bytes", tool: "sgdisk", size: "64M", script: `sgdisk -o -n1:2048:+8M -n2:0:+8M $IMG`,
			bend: func(t *testing.T, image string) { t.Helper(); bendGPT(t, image, 256, 256, 92) },
			plan: "move 2 right 5MiB", want: map[int]string{2: "28672+16384"}, odd: true,
		},
		{
			name: "BIOS boot from sector 34 on", tool: "sfdisk", size: "64M",
			script: `printf "label: gpt\nfirst-lba: 34\nstart=34,size=2014,type=21686148-6449-6E6F-744E-656564454649\nstart=2048,size=8M\n" | sfdisk -q $IMG`,
			plan:   "move 2 right 5MiB", want: map[int]string{2: "12288+16384"},
		},
		{
			name: "grown by one sector", tool: "sgdisk", size: "64M", script: `sgdisk -o -n1:2048:+8M -n2:0:+8M $IMG; truncate -s +512 $IMG`,
			plan: "move 2 right 5MiB", want: map[int]string{2: "28672+16384"},
			parted: "Not all of the space",
		},
		{
			name: "grown by TiB", tool: "sgdisk", size: "64M", script: `sgdisk -o -n1:2048:+8M -n2:0:+8M $IMG; truncate -s 3T $IMG`,
			plan: "move 2 right 2TiB", want: map[int]string{2: "4294985728+16384"},
			parted: "Not all of the space",
		},
		{
			name: "hybrid MBR", tool: "sgdisk", size: "64M", script: `sgdisk -o -n1:2048:+8M -n2:0:+8M -n3:0:+8M $IMG; sgdisk -h 1:3 $IMG`,
			plan: "move 3 right 5MiB", want: map[int]string{3: "45056+16384"},
			extra: func(t *testing.T, before, after string) {
				t.Helper()
				was, is := rangeOf(t, before, 0, 512)[446:510], rangeOf(t, after, 0, 512)[446:510]
				entry := func(b []byte, i int) (kind byte, start, n uint32) {
					e := b[16*i:]
					return e[4], binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
				}
				for i := range 4 {
					kind, start, n := entry(was, i)
					if start == 34816 {
						start = 45056
					}
					if k, s, m := entry(is, i); k != kind || s != start || m != n {
						t.Errorf("entry %d of the MBR: type %02x, %d+%d, want %02x, %d+%d", i, k, s, m, kind, start, n)
					}
				}
			},
		},
		{
			name: "both copies of a GPT whole but different", tool: "sgdisk", size: "64M", script: `sgdisk -o -n1:2048:+8M -n2:0:+8M $IMG`,
			bend: func(t *testing.T, image string) {
				t.Helper()
				array := rangeOf(t, image, 64*mib-33*512, 32*512)
				array[56] ^= 1 // a letter of the name
				poke(t, image, 64*mib-33*512, array...)
				head := rangeOf(t, image, 64*mib-512, 512)
				binary.LittleEndian.PutUint32(head[88:], crc32.ChecksumIEEE(array))
				poke(t, image, 64*mib-512, sealed(head)...)
			},
			plan: "move 2 right 5MiB", want: map[int]string{2: "28672+16384"},
		},
		{
			name: "primary GPT broken on a grown disk", tool: "sgdisk", size: "64M", script: `sgdisk -o -n1:2048:+8M -n2:0:+8M $IMG; truncate -s 100M $IMG`,
			bend: func(t *testing.T, image string) { t.Helper(); poke(t, image, 512+60, 0xFF) },
			plan: "move 2 right 5MiB", want: map[int]string{2: "28672+16384"},
		},
		{
			name: "Windows disk", tool: "mkntfs", size: "160M",
			script: `printf "label: dos\nlabel-id: 0x4f3c2b1a\nstart=2048,size=48M,type=7,bootable\nstart=100M,size=8M,type=27\n" | sfdisk -q $IMG
truncate -s 48M $IMG.p; mkntfs -q -Q -F -L Windows -p 2048 -H 255 -S 63 $IMG.p; yes boot | head -c 400 | dd of=$IMG.p bs=1 seek=84 conv=notrunc status=none
yes user | head -c 3000000 > $IMG.f; ntfscp -f $IMG.p $IMG.f file; dd if=$IMG.p of=$IMG bs=1M seek=1 conv=notrunc,sparse status=none; rm $IMG.p $IMG.f`,
			plan: "move 1 right 50MiB\nmove 2 right 50MiB\nresize 1 to 60MiB", want: map[int]string{1: "104448+122880", 2: "307200+16384"},
			extra: windowsBoots,
		},
		{
			name: "cloud image", tool: "mkfs.fat", size: "200M",
			script: `sgdisk -o -U 11111111-2222-4333-8444-555555555555 -n14:2048:+4M -t14:ef02 -n15:0:+36M -t15:ef00 -c15:EFI -n1:0:+64M -t1:8304 -c1:cloudimg-rootfs -A1:set:2 -A1:set:59 $IMG
truncate -s 36M $IMG.p; mkfs.fat -F 32 -s 1 -h 10240 -n UEFI $IMG.p; dd if=$IMG.p of=$IMG bs=1M seek=5 conv=notrunc,sparse status=none
rm $IMG.p; truncate -s 64M $IMG.p; mkfs.ext4 -q -F -L cloudimg-rootfs $IMG.p; dd if=$IMG.p of=$IMG bs=1M seek=41 conv=notrunc,sparse status=none; rm $IMG.p`,
			plan: "image grow 300MiB\nmove 1 right 60MiB\nresize 15 to 90MiB\nresize 1 to 300MiB", want: map[int]string{1: "206848+614400", 15: "10240+184320"},
			extra: func(t *testing.T, _, after string) {
				t.Helper()
				oracle.ExtClean(t, after, 101*mib)
				dir := t.TempDir()
				cutOut(t, after, filepath.Join(dir, "esp"), 5*mib, 90*mib)
				sh(t, dir, "fsck.fat -n esp")
			},
		},
	}
}

// windowsBoots makes sure of what the boot sector of a moved NTFS must say, and that nothing else in it changed.
func windowsBoots(t *testing.T, before, after string) {
	t.Helper()
	was, is := rangeOf(t, before, mib, 8192), rangeOf(t, after, 51*mib, 8192)
	if hidden := binary.LittleEndian.Uint32(is[28:]); hidden != 51*2048 {
		t.Errorf("hidden sectors: %d", hidden)
	}
	backup := rangeOf(t, after, 51*mib+60*mib-512, 512)
	if !bytes.Equal(backup, is[:512]) {
		t.Error("the backup boot sector differs")
	}
	clear(was[28:32])
	clear(is[28:32])
	clear(was[40:48]) // the number of sectors
	clear(is[40:48])
	if !bytes.Equal(was, is) {
		t.Error("the boot code of NTFS changed")
	}
	dir := t.TempDir()
	cutOut(t, after, filepath.Join(dir, "p"), 51*mib, 60*mib)
	sh(t, dir, `ntfsresize --info --force --no-progress-bar p; ntfscat -f p file > f; yes user | head -c 3000000 | cmp - f; ntfsfix -n p | grep -q "alternate boot sector... OK"`)
}

// TestSurvive applies plans to disks that other programs are known to break. Contents move along, names, types, flags and
// ids stay, and no byte changes that neither the table nor a partition that was edited holds.
func TestSurvive(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "sgdisk")
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, c := range survivors() {
		rng := rand.New(rand.NewSource(rng.Int63()))
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testneed.Tool(t, c.tool)
			dir := t.TempDir()
			before, after := filepath.Join(dir, "before.raw"), filepath.Join(dir, "after.raw")
			sh(t, dir, fmt.Sprintf("truncate -s %s before.raw; IMG='%s'\n%s", c.size, before, c.script))
			c.fill(t, rng, before)
			was := oracle.SFDisk(t, before)
			if c.bend != nil {
				c.bend(t, before)
			}
			cutOut(t, before, after, 0, fileSize(t, before))
			if err := os.WriteFile(filepath.Join(dir, "plan"), []byte(c.plan+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			people()[0].run(t, "apply", "--yes", "--align", "none", after, filepath.Join(dir, "plan")).want(t, 0, "Done")
			c.judge(t, was, before, after)
			if c.extra != nil {
				c.extra(t, before, after)
			}
		})
	}
}

// fill puts random bytes into boot code and partitions that hold nothing.
func (c survivor) fill(t *testing.T, rng *rand.Rand, image string) {
	t.Helper()
	code := make([]byte, 440)
	rng.Read(code)
	poke(t, image, 0, code...)
	for _, p := range oracle.SFDisk(t, image).Partitions {
		if p.Type == "5" || p.Type == "f" || len(bytes.Trim(rangeOf(t, image, p.Off, 4096), "\x00")) > 0 {
			continue
		}
		b := make([]byte, min(p.Len, 4*mib))
		rng.Read(b)
		copy(b, bytes.Repeat([]byte{0x42}, 4096))
		poke(t, image, p.Off, b...)
		poke(t, image, p.Off+p.Len-512, b[len(b)-512:]...)
	}
}

// judge compares the table with what sfdisk said of it before it was bent.
func (c survivor) judge(t *testing.T, was oracle.Table, before, after string) {
	t.Helper()
	is := oracle.SFDisk(t, after)
	if was.Label != is.Label || was.ID != is.ID {
		t.Errorf("table %s %s, was %s %s", is.Label, is.ID, was.Label, was.ID)
	}
	if !bytes.Equal(rangeOf(t, before, 0, 440), rangeOf(t, after, 0, 440)) {
		t.Error("the boot code changed")
	}
	var touched []span
	gone := 0
	for _, p := range was.Partitions {
		want, changes := c.want[p.Number]
		if want == "" && changes {
			gone++
			touched = append(touched, span{p.Off, p.Off + p.Len})
			continue
		}
		number := p.Number
		if n, ok := c.now[number]; ok {
			number = n
		}
		q := is.Part(t, number)
		if changes {
			if got := fmt.Sprintf("%d+%d", q.Start, q.Size); got != want {
				t.Errorf("p%d lies at %s, want %s", number, got, want)
			}
			if p.Type != "5" {
				touched = append(touched, span{p.Off, p.Off + p.Len}, span{q.Off, q.Off + q.Len})
			}
			if p.Type != "5" && content(t, before, p) == model.Unformatted {
				n := min(p.Len, q.Len)
				if !bytes.Equal(rangeOf(t, before, p.Off, n), rangeOf(t, after, q.Off, n)) {
					t.Errorf("the bytes of p%d did not come along", p.Number)
				}
			}
		} else if q.Start != p.Start || q.Size != p.Size {
			t.Errorf("p%d lies at %d+%d, was %d+%d", number, q.Start, q.Size, p.Start, p.Size)
		}
		if q.Type != p.Type && p.Type != "5" || q.UUID != p.UUID && was.Label == "gpt" || q.Name != p.Name || q.Attrs != p.Attrs || q.Bootable != p.Bootable {
			t.Errorf("p%d is %+v, was %+v", number, q, p)
		}
	}
	if len(is.Partitions) != len(was.Partitions)+c.added-gone {
		t.Errorf("%d partitions, were %d", len(is.Partitions), len(was.Partitions)+c.added)
	}
	touched = append(touched, tableSpans(t, before)...)
	touched = append(touched, tableSpans(t, after)...)
	onlyTouched(t, before, after, touched)
	if was.Label == "gpt" && !c.odd {
		oracle.SGDiskClean(t, after)
	}
	if c.parted == "" || was.Label == "gpt" {
		oracle.PartedClean(t, after)
	}
}

// content is what lies in a partition.
func content(t *testing.T, image string, p oracle.Partition) model.FSKind {
	t.Helper()
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	return scan.Probe(f, p.Off, p.Len).Kind
}

// tableSpans is where the table of an image lies: MBR, boot records of logical partitions, both copies of a GPT.
func tableSpans(t *testing.T, image string) []span {
	t.Helper()
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	size := fileSize(t, image)
	d, err := scan.Scan(f, size, geometry.Sector512)
	if err != nil {
		t.Fatal(err)
	}
	spans := []span{{440, 512}}
	for _, p := range d.Partitions() {
		if p.Role == model.Logical {
			spans = append(spans, span{int64(p.EBR) * 512, int64(p.EBR)*512 + 512})
		}
		if p.Role == model.Extended {
			spans = append(spans, span{int64(p.Span.Start) * 512, int64(p.Span.Start)*512 + 512})
		}
	}
	if d.Table.Kind == model.TableGPT {
		array := int64(d.Table.Slots) * int64(max(128, d.Table.EntrySize))
		spans = append(spans, span{512, 1024 + array}, span{size - 512 - array, size})
		// A backup that the disk outgrew is erased, lest it is found one day.
		if old := int64(binary.LittleEndian.Uint64(rangeOf(t, image, 512+32, 8))); old > 0 && old < size/512 {
			spans = append(spans, span{old * 512, old*512 + 512})
		}
	}
	return spans
}

// onlyTouched compares two images outside of the given spans, holes left out; what one has more than the other must be zero.
func onlyTouched(t *testing.T, before, after string, touched []span) {
	t.Helper()
	const piece = 1 << 16
	n := max(fileSize(t, before), fileSize(t, after))
	for _, off := range append(dataPieces(t, before, piece), dataPieces(t, after, piece)...) {
		a, b := padded(t, before, off, min(piece, n-off)), padded(t, after, off, min(piece, n-off))
		for _, s := range touched {
			from, to := max(s.from-off, 0), min(s.to-off, int64(len(a)))
			if from < to {
				clear(a[from:to])
				clear(b[from:to])
			}
		}
		if !bytes.Equal(a, b) {
			i := 0
			for a[i] == b[i] {
				i++
			}
			t.Errorf("byte %d changed from %02x to %02x, which is neither table nor an edited partition", off+int64(i), a[i], b[i])
			return
		}
	}
}

// bendGPT makes both copies of a GPT anew with another shape.
func bendGPT(t *testing.T, image string, entries, entrySize, headerSize int) {
	t.Helper()
	size := fileSize(t, image)
	old := rangeOf(t, image, 1024, 128*128)
	array := make([]byte, entries*entrySize)
	for i := range 128 {
		copy(array[i*entrySize:], old[i*128:(i+1)*128])
	}
	le, sectors := binary.LittleEndian, int64(len(array))/512
	for _, at := range []int64{512, size - 512} {
		h := rangeOf(t, image, at, 512)
		le.PutUint32(h[12:], uint32(headerSize))
		if headerSize == 512 {
			copy(h[92:], bytes.Repeat([]byte{0xAB}, 420))
		}
		le.PutUint64(h[40:], uint64(max(34, 2+sectors)))
		le.PutUint64(h[48:], uint64(size/512-2-sectors))
		if at > 512 {
			le.PutUint64(h[72:], uint64(size/512-1-sectors))
		}
		le.PutUint32(h[80:], uint32(entries))
		le.PutUint32(h[84:], uint32(entrySize))
		le.PutUint32(h[88:], crc32.ChecksumIEEE(array))
		poke(t, image, at, sealed(h)...)
		poke(t, image, int64(le.Uint64(h[72:]))*512, array...)
	}
}

// sealed is a GPT header with its checksum put right.
func sealed(h []byte) []byte {
	le := binary.LittleEndian
	le.PutUint32(h[16:], 0)
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:le.Uint32(h[12:])]))
	return h
}
