package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

var fitRounds = flag.Int("fit", 0, "how many rounds over all kinds of file systems TestFits makes; 0 makes a few short trials")

// fitKind is a kind of file system that grows or shrinks, with a script that has its own tool print its length in bytes.
type fitKind struct {
	matrixFS
	length string
}

// fitKinds lists the kinds that can be filled with files here. Lengths come from the file system's own tools.
func fitKinds() (list []fitKind) {
	dumpe2fs := `dumpe2fs -h $W 2>/dev/null | awk '/^Block count:/{n=$3} /^Block size:/{b=$3} END{printf "%.0f", n*b}'`
	minfo := `MTOOLS_SKIP_CHECK=1 minfo -i $W :: | awk '/^sector size:/{z=$3} /^small size:/{n=$3} /^big size:/{if(!n)n=$3} END{printf "%.0f", n*z}'`
	lengths := map[model.FSKind]string{
		model.Ext2: dumpe2fs, model.Ext3: dumpe2fs, model.Ext4: dumpe2fs, model.FAT12: minfo, model.FAT16: minfo, model.FAT32: minfo,
		model.NTFS:  `ntfsinfo -fm $W 2>/dev/null | awk '/Cluster Size:/{z=$3} /Volume Size in Clusters:/{n=$5} END{printf "%.0f", n*z}'`,
		model.XFS:   `xfs_db -r -f -c 'sb 0' -c 'p dblocks blocksize' $W | awk '/dblocks/{n=$3} /blocksize/{z=$3} END{printf "%.0f", n*z}'`,
		model.Btrfs: `btrfs inspect-internal dump-super $W | awk '/^dev_item.total_bytes/{printf "%.0f", $2}'`,
		model.F2FS:  `dump.f2fs -d 1 $W 2>/dev/null | awk '/^block_count /{gsub("]",""); printf "%.0f", $NF*4096}'`,
		// The number of the last page lies at byte 1028 (mkswap(8)); the pages have 4 KiB.
		model.Swap: `echo $(( ($(od -An -td4 -j1028 -N4 $W) + 1) * 4096 ))`,
		model.LVM2: `D=$(losetup -f --show $W); trap 'losetup -d $D' EXIT; ` + onlyDevice +
			`; pvs --config "$C" --noheadings --nosuffix --units b -o pv_size $D 2>/dev/null`,
	}
	for _, f := range matrixKinds() {
		if length, ok := lengths[f.kind]; ok {
			list = append(list, fitKind{f, length})
		}
		if f.kind == model.LVM2 { // and with a second metadata area at its end
			f.build = strings.Replace(f.build, "pvcreate -q", "pvcreate -q --metadatacopies 2", 1)
			list = append(list, fitKind{f, lengths[f.kind]})
		}
	}
	return list
}

// fitTrial is one file system in a partition that is changed by shunt and by others.
type fitTrial struct {
	fitKind
	rng    *rand.Rand
	image  string
	number int
	files  map[string]string
	uuid   string
	log    []string
}

// TestFits changes partitions at random: by shunt, and from outside by sfdisk, which leaves the file system as it is. After each
// change that shunt makes, the file system fills its partition, all files are there, and blkid sees what shunt sees.
func TestFits(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	kinds := fitKinds()
	rounds, steps := *fitRounds, 8
	if rounds == 0 {
		rng.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		kinds, rounds, steps = kinds[:4], 1, 3
	}
	for round := range rounds {
		for _, kind := range kinds {
			trial := fitTrial{fitKind: kind, rng: rand.New(rand.NewSource(rng.Int63()))}
			t.Run(fmt.Sprintf("%d-%s", round, kind.kind), func(t *testing.T) {
				t.Parallel()
				trial.run(t, steps)
			})
		}
	}
}

func (f *fitTrial) run(t *testing.T, steps int) {
	f.build(t)
	actions := []func(*testing.T){f.fill, f.giveBack, f.grow, f.shrink, f.move}
	for i := range steps {
		actions[(f.rng.Intn(len(actions))+i)%len(actions)](t)
		if t.Failed() {
			t.Fatalf("the changes were\n%s", strings.Join(f.log, "\n"))
		}
	}
	f.fill(t)
	f.giveBack(t)
	if t.Failed() {
		t.Fatalf("the changes were\n%s", strings.Join(f.log, "\n"))
	}
}

// build makes the image: the partition in the middle of free space, and a neighbour at the end.
func (f *fitTrial) build(t *testing.T) {
	table := matrixTables()[f.rng.Intn(3)]
	f.size += f.rng.Int63n(f.size/4 + 1)
	layout := matrixLayout{subject: 2 + f.rng.Int63n(20)}
	layout.neighbour = layout.subject + 2*f.size + 8 + f.rng.Int63n(20)
	layout.size = layout.neighbour + 4
	c := matrixCell{fs: f.matrixFS, table: table, layout: layout}
	c.window, f.files = f.make(t, layout.subject*2048)
	f.uuid = oracle.Blkid(t, c.window, "UUID")
	c.build(t)
	f.image, f.number = c.image, table.subject
	f.note("%s of %d MiB at %d MiB, %s", f.kind, f.size, layout.subject, table.name)
}

func (f *fitTrial) note(format string, a ...any) { f.log = append(f.log, fmt.Sprintf(format, a...)) }

func (f *fitTrial) part(t *testing.T) oracle.Partition {
	t.Helper()
	return oracle.SFDisk(t, f.image).Part(t, f.number)
}

// apply has shunt carry out a line and returns how it ended.
func (f *fitTrial) apply(t *testing.T, line string) outcome {
	t.Helper()
	out := people()[0].run(t, "apply", "--yes", "--no-undo", f.image, write(t, line+"\n"))
	f.note("%s: exit code %d", line, out.code)
	return out
}

// outside changes the length of the partition and nothing else, as other programs do.
func (f *fitTrial) outside(t *testing.T, sectors int64) {
	t.Helper()
	sh(t, ".", fmt.Sprintf("echo ', %d' | sfdisk -q --no-reread -N %d '%s'", sectors, f.number, f.image))
	f.note("outside: %d sectors", sectors)
}

// room returns how many sectors are free behind the partition, without some for a boot record.
func (f *fitTrial) room(t *testing.T) int64 {
	t.Helper()
	p := f.part(t)
	next := int64(1) << 60
	for _, q := range oracle.SFDisk(t, f.image).Partitions {
		if q.Start > p.Start {
			next = min(next, q.Start)
		}
	}
	return next - 2*2048 - p.Start - p.Size
}

// fill enlarges the partition from outside and lets shunt fill it.
func (f *fitTrial) fill(t *testing.T) {
	if room := f.room(t); room > 20*2048 {
		f.outside(t, f.part(t).Size+10*2048+f.rng.Int63n(room-15*2048))
	}
	if fs := f.seen(t); fs.Unfilled == 0 {
		return
	}
	size := f.part(t).Size
	line := []string{
		fmt.Sprintf("check %d", f.number), fmt.Sprintf("resize %d to %ds", f.number, size),
	}[f.rng.Intn(2)]
	f.apply(t, line).want(t, exitDone, "Done")
	if got := f.part(t).Size; got != size {
		t.Errorf("%s: the partition has %d sectors, had %d", line, got, size)
	}
	f.judge(t)
}

// giveBack cuts the partition from outside. Shunt must leave it alone until it has its room back, and then it is as it was.
func (f *fitTrial) giveBack(t *testing.T) {
	p, before := f.part(t), f.seen(t)
	if p.Size < 4*4096 {
		return // it became very small
	}
	by := 4096 + f.rng.Int63n(p.Size/4)
	window := t.TempDir() + "/window"
	cutOut(t, f.image, window, p.Off, p.Len)
	f.outside(t, p.Size-by)
	if cut := f.seen(t); cut.Overhang != before.Size-(p.Size-by)*512 {
		t.Errorf("the overhang is %d bytes of %+v", cut.Overhang, cut)
	}
	whole := digest(t, f.image)
	end := p.Start + p.Size - by
	for _, line := range []string{
		fmt.Sprintf("move %d right 1MiB", f.number), fmt.Sprintf("check %d", f.number), fmt.Sprintf("resize %d min", f.number),
		fmt.Sprintf("new 1MiB at %ds", (end/2048+2)*2048), fmt.Sprintf("resize %d to %ds", f.number, p.Size-by+1),
	}[f.rng.Intn(3):] {
		if out := f.apply(t, line); out.code != exitRefused || digest(t, f.image) != whole {
			t.Errorf("%s: exit code %d\n%s", line, out.code, out.err)
		}
	}
	f.apply(t, fmt.Sprintf("resize %d to %ds", f.number, p.Size)).want(t, exitDone, "Done")
	after := t.TempDir() + "/window"
	cutOut(t, f.image, after, p.Off, p.Len)
	if digest(t, after) != digest(t, window) {
		t.Error("the file system got its room back and is not as it was")
	}
	f.judge(t)
}

func (f *fitTrial) grow(t *testing.T) {
	if room := f.room(t); room > 4096 {
		f.apply(t, fmt.Sprintf("resize %d by +%ds", f.number, 4096+f.rng.Int63n(room-4095))).want(t, exitDone, "Done")
		f.judge(t)
	}
}

// shrink makes the partition shorter, if its kind can be. What is refused changes nothing.
func (f *fitTrial) shrink(t *testing.T) {
	if f.kind == model.LVM2 {
		return // the files lie in extents that no logical volume uses
	}
	whole := digest(t, f.image)
	line := fmt.Sprintf("resize %d min", f.number)
	if f.rng.Intn(2) == 0 {
		line = fmt.Sprintf("resize %d by -%ds", f.number, 1+f.rng.Int63n(f.part(t).Size/5))
	}
	if out := f.apply(t, line); out.code != exitDone && (out.code != exitRefused || digest(t, f.image) != whole) {
		t.Errorf("%s: exit code %d\n%s", line, out.code, out.err)
	}
	f.judge(t)
}

func (f *fitTrial) move(t *testing.T) {
	if room := f.room(t); room > 4096 {
		f.apply(t, fmt.Sprintf("move %d right %ds", f.number, 2048+f.rng.Int63n(room-2048))).want(t, exitDone, "Done")
		f.judge(t)
	}
}

// seen returns what shunt says of the file system.
func (f *fitTrial) seen(t *testing.T) (fs struct {
	Kind, UUID, Label        string
	Size, Unfilled, Overhang int64
},
) {
	t.Helper()
	out := people()[0].run(t, "info", "--json", f.image)
	var answer struct {
		Partitions []struct {
			Number     int
			Filesystem json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(out.out), &answer); err != nil {
		t.Fatalf("%v\n%s%s", err, out.out, out.err)
	}
	for _, p := range answer.Partitions {
		if p.Number == f.number {
			if err := json.Unmarshal(p.Filesystem, &fs); err != nil {
				t.Fatal(err)
			}
		}
	}
	return fs
}

// judge has others say that the file system fills its partition and is whole.
func (f *fitTrial) judge(t *testing.T) {
	t.Helper()
	p, seen := f.part(t), f.seen(t)
	window := t.TempDir() + "/window"
	cutOut(t, f.image, window, p.Off, p.Len)
	defer func() { _ = os.Remove(window) }()
	f.clean(t, window)
	if f.matrixFS.files != nil {
		oracle.SameFiles(t, f.matrixFS.files(t, window), f.files)
	}
	spare := f.spare()
	if f.kind == model.LVM2 {
		spare = 8 // an extent, what is in front of the first, and a second metadata area
	}
	length := int64(0)
	if _, err := fmt.Sscan(sh(t, ".", fmt.Sprintf("W='%s'\n%s", window, f.length)), &length); err != nil {
		t.Fatal(err)
	}
	if length > p.Len || p.Len-length >= spare*mib || seen.Unfilled != 0 || seen.Overhang != 0 {
		t.Errorf("the file system has %d bytes, its partition %d; shunt says %+v", length, p.Len, seen)
	}
	if got := oracle.Blkid(t, window, "UUID"); got != f.uuid || got != seen.UUID {
		t.Errorf("blkid says UUID %q, it was %q; shunt says %q", got, f.uuid, seen.UUID)
	}
	if got := oracle.Blkid(t, window, "LABEL"); got != seen.Label || got != f.label {
		t.Errorf("blkid says label %q; shunt says %q", got, seen.Label)
	}
	names := map[string]string{"fat12": "vfat", "fat16": "vfat", "fat32": "vfat", "lvm2": "LVM2_member"}
	if got, want := oracle.Blkid(t, window, "TYPE"), seen.Kind; got != want && got != names[want] {
		t.Errorf("blkid says %q; shunt says %q", got, want)
	}
}
