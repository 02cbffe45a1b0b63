package tui_test

import (
	"strings"
	"testing"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

// Below the table the details follow the cursor when it rests, and at once when another target comes into view.
func TestDetailsFollow(t *testing.T) {
	founding, varied := Founding(), Varied()
	b := &Backend{Targets: map[string]*Target{founding.What.Path: founding, varied.What.Path: varied}}
	d := Start(t, 120, 40, tui.Options{Paths: []string{founding.What.Path, varied.What.Path}}, b)
	d.Contains("Partition p1 ─", "no room: p2 starts there", "sector 988,032")
	d.Press("j")
	d.Contains("Partition p1 ─")
	d.Advance(100 * time.Millisecond)
	d.Press("k", "j")
	d.Advance(200 * time.Millisecond) // the first timer is outdated
	d.Contains("Partition p1 ─")
	d.Advance(250 * time.Millisecond)
	d.Contains("Partition p2 ─")
	d.Press("tab")
	d.Contains("Partition p1 ─", "bios_grub")
	d.Press("tab", "j", "d")
	d.Lacks("Partition p2 ─")
	d.Advance(250 * time.Millisecond)
	d.Contains("Unallocated ─")
	d.Resize(80, 24)
	d.Lacks("Unallocated ─")
}

// What a selected operation is about is marked in the table and in the bars, and the details describe it: the partition as
// it will be, one that is deleted as it is, and otherwise the disk.
func TestPendingSubject(t *testing.T) {
	for name, c := range map[string]struct {
		stage   func(*Driver)
		on      []string
		lacks   []string
		nothing bool   // no row of the table is marked
		info    string // what the information page is about
	}{
		"a move": {
			func(d *Driver) { stageFounding(d); d.Press("P", "home", "down") },
			[]string{"Partition p2, as planned ─", "• p2  ", "│•p2 ext4 484M      │ image gains", " │•p2 ext4 484M      │ free"},
			nil, false, "Partition p2 after",
		},
		"a growth":     {func(d *Driver) { stageFounding(d); d.Press("P", "end") }, []string{"Partition p1, as planned ─", "• p1  "}, []string{"•p2"}, false, "Partition p1 after"},
		"of the image": {func(d *Driver) { stageFounding(d); d.Press("P", "home") }, []string{"Whole disk, as planned ─"}, []string{"•p1", "•p2"}, true, "Disk signature"},
		"a deletion":   {func(d *Driver) { d.Press("j", "d", "P") }, []string{"Partition p2 (deleted) ─", "•p2 ext4 484M"}, []string{"Grow  "}, true, "p2 of stick.raw"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, Founding())
			d.Resize(120, 40)
			c.stage(d)
			d.Advance(time.Second)
			d.Contains(c.on...)
			d.Lacks(c.lacks...)
			if c.nothing {
				d.Lacks("• ")
			}
			d.Press("i")
			d.Contains(c.info)
		})
	}
}

// A growth or a move of less than a MiB is not offered: the table shows no free space there either.
func TestLeastOffers(t *testing.T) {
	for name, c := range map[string]struct {
		behind geometry.Sector // free sectors behind the partition
		used   geometry.Bytes
		want   []string
	}{
		"a sector less": {2047, 80 * geometry.MiB, []string{"Grow            no room: p2 starts there", "Move            no free space beside it"}},
		"one MiB":       {2048, 80 * geometry.MiB, []string{"Grow            by up to 1.00 MiB", "Move            right by up to 1.00 MiB"}},
		"full":          {2048, 100 * geometry.MiB, []string{"Shrink          no: its files and some slack"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, pair(c.behind, c.used))
			d.Resize(120, 40)
			d.Advance(time.Second)
			d.Contains(c.want...)
		})
	}
}

// pair is the founding disk with p1 of 100 MiB, and so many free sectors between it and p2.
func pair(between geometry.Sector, used geometry.Bytes) *Target {
	d := tuitest.Founding()
	parts := d.Partitions()
	size := geometry.Sector(100 * 2048)
	parts[0].Span = geometry.SpanOf(2048, size)
	parts[1].Span.Start = 2048 + size + between
	for i := range parts {
		fs := &parts[i].FS
		fs.Size, fs.Used, fs.Min = d.SectorSize.Bytes(parts[i].Span.Len())&^4095, used, used
	}
	return image("pair.raw", "raw", model.New(d, parts, nil))
}

// The title has the size and the table of the disk as it is, and what is only planned behind an arrow.
func TestTitleSaysWhatIs(t *testing.T) {
	target := Founding()
	d := open(t, target)
	d.Contains("raw, 966 MiB, MBR")
	stageFounding(d)
	d.Contains("raw, 966 MiB → 2.94 GiB, MBR")
	d.Resize(60, 20)
	d.Contains("966 MiB → 2.94 GiB, MBR ")
	d.Press("X", "y")
	story{t, d, target}.toResult(resultUnchanged)
	d.Contains("raw, 966 MiB → 2.94 GiB")
	d = open(t, Blank())
	d.Press("T", "enter")
	d.Contains("raw, 512 MiB, no partition table → GPT")
}

// After going back to a snapshot all partitions are those of the snapshot. What they were before has nothing to do with it.
func TestChangeAfterSnapshot(t *testing.T) {
	for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 40}} {
		d := open(t, Layered())
		d.Resize(size[0], size[1])
		quietly(d)
		d.Press("enter", "z", "ctrl+f", "down", "enter", "down", "enter")
		d.Contains("EFI ", " snapshot")
		d.Lacks("…", "→1", "new\n")
	}
}

// A disk that is read-only collects no edits.
func TestReadOnlyCollectsNothing(t *testing.T) {
	d := open(t, Damaged())
	d.Contains("Read-only", "No edit is possible")
	d.Lacks("Edits are collected")
}

// The extended partition has its name below the logical ones, and its mark there when it is selected.
func TestExtendedIsNamed(t *testing.T) {
	d := open(t, Logicals())
	d.Contains("┃ p2 extended ─")
	d.Press("j")
	d.Contains("┃▸p2 extended ─")
}

// Where nothing is found nothing is selected, and Enter leads back to where the search began.
func TestNothingFoundSelectsNothing(t *testing.T) {
	d := open(t, Varied())
	d.Press("j", "/")
	d.Type("zzz")
	d.Lacks("▸p1", "▸p2", "▸ p")
	d.Press("enter")
	d.Contains("▸ p2")
}

// What overlaps another partition is marked in the table, and its details do not say that no fault is known.
func TestOverlapIsMarked(t *testing.T) {
	d := open(t, Damaged())
	d.Resize(160, 50)
	d.Contains("▸ p1 !", "  p2 !", "In doubt      ! it overlaps p2")
	d.Lacks("no fault is known")
	d = open(t, Misfits())
	d.Resize(160, 50)
	d.Contains("▸ p1 !", "Too large")
	d.Lacks("457 MiB") // 200 MiB of that are behind the end of the partition
}

// A search that leaves rows out moves no column.
func TestFindKeepsColumns(t *testing.T) {
	head := func(d *Driver) string {
		for line := range strings.Lines(d.Frame()) {
			if strings.Contains(line, "File system") {
				return line
			}
		}
		return ""
	}
	d := open(t, Varied())
	d.Resize(120, 40)
	want := head(d)
	d.Press("/")
	d.Type("zzz")
	if got := head(d); got != want || got == "" {
		t.Errorf("%q, before the search %q", got, want)
	}
}

// A very wide window shows as many keys as fit.
func TestWideKeyBar(t *testing.T) {
	d := open(t, Founding())
	d.Resize(200, 60)
	d.Contains("o open  q quit  ? help")
	d.Press("x", "down", "up")
	d.Contains("s save plan  o open  q quit  ? help")
}
