package txn

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/table"
	"shunt/model/testneed"
	"shunt/ops/tool"
)

// realPlan is a plan on a disk with a real table.
type realPlan struct {
	name    string
	kind    model.TableKind
	sectors geometry.Sector
	parts   []model.Partition
	lines   []string
	// harm damages the table of a new image. It may be nil.
	harm func(tb testing.TB, p realPlan, image []byte, rng *rand.Rand)
	// busy is the number of a partition that is mounted, 0 for none.
	busy int
	// Tools that the plan needs, which make ext2 file systems in the partitions. Without tools partitions hold bytes of no
	// known kind.
	tools []string
}

func primary(n int, start, end geometry.Sector) model.Partition {
	return model.Partition{ID: model.PartID(n), Number: n, Span: geometry.Span{Start: start, End: end}}
}

// mirror is a partition that the first sector lists too.
func mirror(p model.Partition, slot int) model.Partition {
	p.Mirror = model.Mirror{Slot: slot, Type: "0x83"}
	return p
}

func logical(n int, ebr, start, end geometry.Sector) model.Partition {
	p := primary(n, start, end)
	p.Role, p.EBR = model.Logical, ebr
	return p
}

func extended(n int, start, end geometry.Sector) model.Partition {
	p := primary(n, start, end)
	p.Role, p.Type = model.Extended, model.MBRExtended
	return p
}

const linuxType = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"

// plans are the kinds of plans, on disks of a few sectors.
func plans() []realPlan {
	gpt := func(name string, lines ...string) realPlan {
		return realPlan{
			name: "gpt, " + name, kind: model.TableGPT, sectors: 200, lines: lines,
			parts: []model.Partition{primary(1, 40, 60), primary(2, 64, 84), primary(4, 90, 121)},
		}
	}
	mbr := func(name string, lines ...string) realPlan {
		return realPlan{
			name: "mbr, " + name, kind: model.TableMBR, sectors: 160, lines: lines,
			parts: []model.Partition{
				primary(1, 7, 20), extended(2, 24, 130),
				logical(5, 24, 26, 40), logical(6, 44, 46, 60), logical(7, 70, 75, 90),
			},
		}
	}
	mounted := func(p realPlan, number int) realPlan {
		p.busy = number
		return p
	}
	damaged := func(p realPlan, harm func(testing.TB, realPlan, []byte, *rand.Rand)) realPlan {
		p.harm = harm
		return p
	}
	return []realPlan{
		mounted(gpt("in use, others move", "move 4 right 20s", "delete 1"), 2),
		mounted(gpt("in use and grown", "move 4 right 20s", "grow 2"), 2),
		mounted(gpt("in use and grown with the image", "image grow 32KiB", "grow 4"), 4),
		gpt("moved aside for another and deleted", "move 4 right 20s", "move 2 right 20s", "delete 4"),
		mbr("moved in part over another place and deleted", "move 7 right 10s", "move 6 right 5s", "delete 6", "delete 6"),
		mounted(mbr("in use and grown", "move 5 right 3s", "grow 1"), 1),
		mounted(mbr("logical in use and grown", "move 7 right 30s", "resize 6 by +5s"), 6),
		mounted(mbr("logical in use, all others move", "move 5 right 2s", "move 7 right 3s", "move 1 left 3s"), 6),
		mounted(mbr("last logical in use", "move 5 right 2s", "move 6 left 1s", "grow 7"), 7),
		mounted(mbr("first logical in use", "delete 6", "move 6 right 30s", "resize 5 by +5s"), 5),
		gpt("move right, overlapping", "move 4 right 7s"),
		gpt("move right, clear", "move 4 right 40s"),
		gpt("move left, overlapping", "move 4 left 5s"),
		gpt("chain", "move 4 right 20s", "move 2 right 20s", "move 1 right 12s"),
		gpt("swap", "move 1 to 130s", "move 2 to 40s", "move 1 to 64s"),
		gpt("grow the image", "image grow 32KiB", "move 4 right 50s"),
		gpt("grow the image, with room on its host", "image grow 32KiB prealloc=falloc", "move 4 right 20s"),
		gpt("shrink the image", "move 4 left 3s", "image size 90KiB"),
		gpt("delete", "delete 2"),
		gpt("delete and replace", "delete 2", "move 4 left 20s", "new 10s at 110s"),
		mbr("move a primary", "move 1 left 3s"),
		mbr("move a logical right", "move 6 right 4s"),
		mbr("move a logical left", "move 6 left 2s"),
		mbr("move the last logical", "move 7 right 30s"),
		mbr("move the first logical", "move 5 right 2s"),
		mbr("chain of logicals", "move 7 right 30s", "move 6 right 20s", "move 5 right 1s"),
		mbr("delete the first logical", "delete 5"),
		mbr("delete and move logicals", "delete 6", "move 6 left 20s"),
		mbr("grow the image", "image grow 8KiB", "new 10s at 140s"),
		mbr("shrink the image", "image size 66KiB"),
		gpt("restore a table", `table restore "label: gpt\x0afirst-lba: 35\x0a\x0ap1 : start=40, size=20, type=`+linuxType+`\x0ap2 : start=90, size=31, type=`+
			linuxType+`\x0ap3 : start=130, size=9, type=`+linuxType+`, name=\"x\""`),
		gpt("restore a table with more entries", `table restore "label: gpt\x0afirst-lba: 36\x0atable-length: 136\x0a\x0ap1 : start=40, size=20, type=`+linuxType+`"`),
		gpt("restore an MBR", `table restore "label: dos\x0alabel-id: 0x1\x0a\x0ap2 : start=64, size=20, type=83\x0ap1 : start=86, size=80, type=5\x0a`+
			`p5 : start=90, size=31, type=83\x0ap6 : start=125, size=20, type=83"`),
		mbr("restore a table", `table restore "label: dos\x0alabel-id: 0x1\x0a\x0ap1 : start=7, size=13, type=83\x0ap2 : start=24, size=100, type=f\x0a`+
			`p5 : start=75, size=15, type=83\x0ap6 : start=26, size=14, type=83\x0ap3 : start=130, size=9, type=83"`),
		damaged(gpt("the copy that is whole is used", "table use backup"), onePrimary),
		damaged(gpt("the first of two copies is used", "table use first"), otherBackup),
		damaged(gpt("the second of two copies is used", "table use backup"), otherBackup),
		damaged(mbr("partitions that fit are used", "table use higher"), overlapping),
		gpt("sort", "move 1 to 125s", "table sort"),
		{
			name: "mbr, sort", kind: model.TableMBR, sectors: 160, lines: []string{"table sort", "move 1 left 2s"},
			parts: []model.Partition{primary(3, 7, 20), extended(1, 24, 130), logical(5, 24, 75, 90), logical(6, 44, 46, 60), logical(7, 62, 64, 70)},
		},
		{
			name: "gpt, entries of the table move", kind: model.TableGPT, sectors: 200,
			lines: []string{"table array 50s", "table flag boot on", "table first-lba 84s", "move 2 right 5s"},
			parts: []model.Partition{primary(1, 90, 110), primary(2, 120, 140)},
		},
		{
			name: "gpt, entries of the table move over themselves", kind: model.TableGPT, sectors: 200, lines: []string{"table array 9s", "delete 2"},
			parts: []model.Partition{primary(1, 90, 110), primary(2, 120, 140)},
		},
		gpt("hybrid MBR made, others move", "table hybrid 4 1 active=1", "move 4 right 20s", "delete 2", "move 1 to 62s"),
		{
			name: "gpt, hybrid MBR moves and changes", kind: model.TableGPT, sectors: 200, parts: []model.Partition{
				mirror(primary(1, 40, 60), 2), mirror(primary(2, 64, 84), 3), primary(4, 90, 121),
			},
			lines: []string{"move 4 right 20s", "move 2 right 4s", "table hybrid 2 4 ee=last", "move 1 left 3s"},
		},
		{
			name: "gpt, hybrid MBR no more", kind: model.TableGPT, sectors: 200, parts: []model.Partition{
				mirror(primary(1, 40, 60), 1), mirror(primary(2, 64, 84), 2), primary(4, 90, 121),
			},
			lines: []string{"move 2 right 4s", "table hybrid none", "table sort"},
		},
		gpt("another GPT", "table new gpt", "new 40s at 50s"),
		gpt("an MBR instead", "table new mbr", "new 10s at 20s", "new 80s at 40s"),
		gpt("copy", "copy 1 at 125s", "move 1 left 3s"),
		gpt("copy over another", "move 1 right 2s", "copy 1 over 4"),
		mbr("copy to a logical", "copy 1 at 100s as=logical"),
		gpt("nothing but a copy", "copy 1 at 125s"),
		mbr("nothing but a primary copy", "copy 1 at 140s"),
		mbr("another MBR", "table new mbr", "new 60s at 40s"),
		{
			name: "mbr, another with a logical", kind: model.TableMBR, sectors: 2600,
			lines: []string{"table new mbr", "new 2100s at 40s as=extended", "new 10s at 60s as=logical"},
			parts: []model.Partition{primary(1, 36, 50), extended(3, 54, 2500), logical(5, 54, 56, 70)},
		},
		mbr("a GPT instead", "table new gpt", "new 40s at 50s"),
		{
			name: "mbr, to GPT with a copy", kind: model.TableMBR, sectors: 200, lines: []string{"table gpt", "copy 1 at 110s"},
			parts: []model.Partition{primary(1, 36, 50), primary(2, 60, 80)},
		},
		mbr("the extended one grows at its start", "move 2 left 3s and resize to 109s"),
		{
			name: "mbr, the extended one shrinks at both ends", kind: model.TableMBR, sectors: 2600,
			lines: []string{"move 3 right 3s and resize to 2100s"},
			parts: []model.Partition{primary(1, 36, 50), extended(3, 54, 2500), logical(5, 54, 60, 70), logical(6, 80, 85, 100)},
		},
		{
			name: "mbr, to GPT", kind: model.TableMBR, sectors: 200, lines: []string{"table gpt"},
			parts: []model.Partition{
				primary(1, 36, 50), extended(3, 54, 150), logical(5, 54, 56, 70), logical(6, 80, 85, 100),
			},
		},
		{
			name: "mbr, to GPT and moved", kind: model.TableMBR, sectors: 200,
			lines: []string{"move 1 right 33s", "table gpt", "move 6 right 10s"},
			parts: []model.Partition{
				primary(1, 1, 20), extended(3, 54, 150), logical(5, 54, 56, 70), logical(6, 80, 85, 100),
			},
		},
		{
			name: "ext2, shrink, move and grow", kind: model.TableGPT, sectors: 5400,
			parts: []model.Partition{primary(1, 40, 2840), primary(2, 2900, 5100)},
			lines: []string{"resize 1 to 1050KiB", "move 2 left 300KiB", "resize 2 to 1200KiB"},
			tools: []string{"mke2fs", "e2fsck", "resize2fs"},
		},
		{
			name: "ext2, sparsify", kind: model.TableGPT, sectors: 5400,
			parts: []model.Partition{primary(1, 40, 2840), primary(2, 2904, 5104)},
			lines: []string{"move 2 right 3s", "image sparsify"}, tools: []string{"mke2fs", "e2fsck"},
		},
	}
}

// realDisk describes a world with a real table.
type realDisk struct {
	before, after           model.Disk
	imageBefore, imageAfter []byte
	masked                  ranges // free blocks, which a roll back need not bring back
}

// world rehearses the plan and takes what it leads to for a disk of the crash harness.
func (p realPlan) world(tb testing.TB, rng *rand.Rand) *world {
	tb.Helper()
	for _, name := range p.tools {
		if !testneed.Has(tb, name) {
			p.tools, p.lines = nil, []string{"move 2 right 3s"} // the next best
		}
	}
	w := newPlanned(tb, p, p.image(tb, rng), rng)
	return w
}

// image is the disk that the plan is for.
func (p realPlan) image(tb testing.TB, rng *rand.Rand) []byte {
	tb.Helper()
	content := make([]byte, p.sectors*sec)
	blank, err := table.Read(bytes.NewReader(content), int64(len(content)), sec)
	if err != nil {
		tb.Fatal(err)
	}
	after := blank
	after.Table = model.Table{Kind: p.kind}
	if p.kind == model.TableGPT { // more than the first grid line, which tiny disks do not have
		after.Table.Usable = geometry.Span{Start: 34, End: p.sectors - 33}
	}
	parts := append([]model.Partition(nil), p.parts...)
	for i := range parts {
		if parts[i].Type == "" {
			parts[i].Type = model.DefaultType(p.kind, parts[i].Role, model.Unformatted)
		}
	}
	patches, err := table.Encode(bytes.NewReader(content), blank, model.New(after, parts, nil), uuids(rng))
	if err != nil {
		tb.Fatalf("%s: %v", p.name, err)
	}
	for _, part := range parts {
		if part.Role == model.Extended {
			continue
		}
		inside := content[part.Span.Start*sec : part.Span.End*sec]
		if p.tools == nil {
			rng.Read(inside)
			continue
		}
		copy(inside, extImage(tb, len(inside), rng))
	}
	for _, patch := range patches {
		copy(content[patch.Off:], patch.Data)
	}
	if p.harm != nil {
		p.harm(tb, p, content, rng)
	}
	return content
}

// otherBackup gives a GPT the second copy of another table, with one partition less, that is whole too.
func otherBackup(tb testing.TB, p realPlan, image []byte, rng *rand.Rand) {
	tb.Helper()
	p.harm, p.parts = nil, p.parts[1:]
	const tail = 33 * sec
	copy(image[len(image)-tail:], p.image(tb, rng)[len(image)-tail:])
}

// onePrimary damages the first header of a GPT.
func onePrimary(_ testing.TB, _ realPlan, image []byte, _ *rand.Rand) { image[sec+90] ^= 1 }

// overlapping lets the first partition of an MBR reach into the second.
func overlapping(_ testing.TB, _ realPlan, image []byte, _ *rand.Rand) {
	binary.LittleEndian.PutUint32(image[446+12:], 40)
}

// extImage is an ext2 of n bytes with a few files in it.
func extImage(tb testing.TB, n int, rng *rand.Rand) []byte {
	tb.Helper()
	dir := tb.TempDir()
	for i := range 5 {
		b := make([]byte, rng.Intn(n/12))
		rng.Read(b)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d", i)), b, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	path := filepath.Join(tb.TempDir(), "ext")
	old := make([]byte, n) // of deleted files
	rng.Read(old)
	if err := os.WriteFile(path, old, 0o644); err != nil {
		tb.Fatal(err)
	}
	runTool(tb, "mke2fs", "-q", "-F", "-t", "ext2", "-b", "1024", "-O", "^resize_inode", "-E", "nodiscard", "-d", dir, path)
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func runTool(tb testing.TB, argv ...string) {
	tb.Helper()
	argv[0] = testneed.Tool(tb, argv[0])
	result, err := tool.Run(context.Background(), tool.Cmd{Argv: argv})
	if err != nil || result.Exit != 0 {
		tb.Fatalf("%v: %v\n%s", argv, err, result.Output)
	}
}

// inUse has the partition of that number mounted, with a file system that can grow like that.
func inUse(disk model.Disk, number int) model.Disk {
	p, _ := disk.ByNumber(number)
	size := disk.SectorSize.Bytes(p.Span.Len())
	p.FS = model.Filesystem{Kind: model.Ext4, Size: size, Used: -1, BlockSize: 1024}
	return disk.With(p).InUse(map[int]model.Use{number: {Kind: model.Mounted, Place: "/mnt"}})
}

func cutOut(image []byte, s geometry.Span) []byte {
	return image[min(int64(len(image)), int64(s.Start)*sec):min(int64(len(image)), int64(s.End)*sec)]
}

// exposed says what is wrong with a disk as a crash left it, "" if nothing: each partition that its table shows must be
// one of those before or of those planned, at its place and whole.
func (d *realDisk) exposed(got []byte) string {
	found, err := table.Read(bytes.NewReader(got), int64(len(got)), sec)
	if err != nil {
		return err.Error()
	}
	for _, p := range d.before.Partitions() {
		is, shown := found.ByNumber(p.Number)
		planned, _ := d.after.ByNumber(p.Number)
		if p.Use.Busy() && (!shown || is.Span != p.Span && is.Span != planned.Span) {
			return fmt.Sprintf("%s is in use and not in the table", p.Ref())
		}
	}
	for _, p := range found.Partitions() {
		if q, _ := d.before.ByNumber(p.Number); p.Role == model.Extended || q.Use.Busy() || p.Role == model.Logical && p.Span.Len() == 1 {
			continue // entries of one sector hide what lies there
		}
		whole := func(disk model.Disk, image []byte, masked ranges) bool {
			q, ok := disk.ByNumber(p.Number)
			return ok && q.Span == p.Span && sameBut(cutOut(got, p.Span), cutOut(image, p.Span), int64(p.Span.Start)*sec, masked)
		}
		if !whole(d.before, d.imageBefore, d.masked) && !whole(d.after, d.imageAfter, nil) {
			return fmt.Sprintf("%s at %v is not whole", p.Ref(), p.Span)
		}
	}
	if found.Table.Kind == model.TableGPT {
		return d.mirrorsExposed(got)
	}
	return ""
}

// mirrorsExposed says what is wrong with a hybrid MBR, "" if nothing: what it lists must be whole, even while the GPT hides it.
func (d *realDisk) mirrorsExposed(got []byte) string {
	for slot := 1; slot <= 4; slot++ {
		entry := got[446+16*(slot-1):]
		at := geometry.SpanOf(geometry.Sector(binary.LittleEndian.Uint32(entry[8:])), geometry.Sector(binary.LittleEndian.Uint32(entry[12:])))
		if entry[4] == 0xEE || at.Empty() {
			continue
		}
		whole := func(disk model.Disk, image []byte, masked ranges) bool {
			return slices.ContainsFunc(disk.Partitions(), func(p model.Partition) bool {
				return p.Mirror.Slot == slot && p.Span == at && sameBut(cutOut(got, at), cutOut(image, at), int64(at.Start)*sec, masked)
			})
		}
		if !whole(d.before, d.imageBefore, d.masked) && !whole(d.after, d.imageAfter, nil) {
			return fmt.Sprintf("what entry %d of the hybrid MBR lists at %v is not whole", slot, at)
		}
	}
	return ""
}

// sameBut compares two runs of bytes that begin at off of the disk, masked bytes aside.
func sameBut(a, b []byte, off int64, masked ranges) bool {
	if len(a) != len(b) {
		return false
	}
	for _, r := range masked.outside(off, off+int64(len(a))) {
		if !bytes.Equal(a[r.off-off:r.end-off], b[r.off-off:r.end-off]) {
			return false
		}
	}
	return true
}
