package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/scan"
)

// matrixCell is a file system on a kind of table.
type matrixCell struct {
	fs      matrixFS
	table   matrixTable
	layout  matrixLayout
	support map[string]string
	window  string // the file system by itself
	files   map[string]string
	image   string // with a table
}

func (c matrixCell) offered() []matrixOp { return c.those(true) }
func (c matrixCell) refused() []matrixOp { return c.those(false) }

func (c matrixCell) those(offered bool) (list []matrixOp) {
	for _, op := range matrixOps() {
		if (c.support[string(op.ability)] == "") == offered {
			list = append(list, op)
		}
	}
	return list
}

// build makes the image with the subject and its neighbour in it.
func (c *matrixCell) build(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	c.image = filepath.Join(dir, "disk.raw")
	typ := strings.TrimPrefix(string(model.DefaultType(model.TableMBR, model.Primary, c.fs.kind)), "0x")
	sh(t, dir, fmt.Sprintf("truncate -s %dM disk.raw; IMG=disk.raw A=%d S=%d B=%d TYPE=%s\n%s",
		c.layout.size, c.layout.subject, c.fs.size, c.layout.neighbour, typ, c.table.script))
	putInto(t, c.window, c.image, c.layout.subject*mib)
	sh(t, dir, fmt.Sprintf("yes neighbour | head -c 2M | dd of=disk.raw bs=1M seek=%d conv=notrunc status=none", c.layout.neighbour))
	sh(t, dir, "yes boot | head -c 440 | dd of=disk.raw conv=notrunc status=none")
}

// apply runs a plan on a copy of the image.
func (c matrixCell) apply(t *testing.T, lines []string) (image string, out outcome) {
	t.Helper()
	dir := t.TempDir()
	image = filepath.Join(dir, "disk.raw")
	cutOut(t, c.image, image, 0, c.layout.size*mib)
	return image, people()[0].run(t, "apply", "--yes", "--no-undo", "--align", "none", image, write(t, strings.Join(lines, "\n")+"\n"))
}

// refuse tries what is not offered: it must be refused with the reason that the support matrix has for it.
func (c matrixCell) refuse(t *testing.T, op matrixOp) {
	t.Helper()
	reason, s := c.support[string(op.ability)], c.state()
	image, out := c.apply(t, []string{op.line(c, &s)})
	out.want(t, exitRefused)
	if !strings.Contains(out.err, reason) {
		t.Errorf("the reason in the matrix is %q, and it was refused with\n%s", reason, out.err)
	}
	onlyTouched(t, c.image, image, nil)
}

func (c matrixCell) state() matrixState {
	return matrixState{start: c.layout.subject, size: c.fs.size, label: c.fs.label}
}

// try does operations, all in one queue, on a copy of the image and judges what became of it.
func (c matrixCell) try(t *testing.T, list []matrixOp) {
	t.Helper()
	s := c.state()
	var lines []string
	for _, op := range list {
		lines = append(lines, op.line(c, &s))
	}
	image, out := c.apply(t, lines)
	if out.want(t, 0, "Done"); t.Failed() {
		return
	}
	c.sameTable(t, image)
	window := c.subject(t, image, c.table.subject, s.start, s.size)
	c.identity(t, window, s)
	if s.copied > 0 {
		copied := c.subject(t, image, s.copied, c.layout.copied, s.size)
		if got := oracle.Blkid(t, copied, "LABEL"); got != s.label {
			t.Errorf("blkid says the label of the copy is %q", got)
		}
		if (oracle.Blkid(t, copied, "UUID") == oracle.Blkid(t, window, "UUID")) != (c.fs.kind != model.Swap) {
			t.Errorf("blkid says the UUID of the copy is %q and that of the source is %q", oracle.Blkid(t, copied, "UUID"), oracle.Blkid(t, window, "UUID"))
		}
	}
	if s.new > 0 {
		c.made(t, image, s.new, c.layout.new, c.fs.size)
	}
}

// identity judges label and UUID of the subject.
func (c matrixCell) identity(t *testing.T, window string, s matrixState) {
	t.Helper()
	if got := oracle.Blkid(t, window, "LABEL"); got != s.label {
		t.Errorf("blkid says the label is %q", got)
	}
	if was, is := oracle.Blkid(t, c.window, "UUID"), oracle.Blkid(t, window, "UUID"); (was != is) != s.uuid || is == "" {
		t.Errorf("blkid says the UUID is %q, and it was %q", is, was)
	}
}

// made cuts a partition out of the image, which must be where it is expected, and judges the file system in it but not
// the files.
func (c matrixCell) made(t *testing.T, image string, number int, start, size int64) (window string) {
	t.Helper()
	p := oracle.SFDisk(t, image).Part(t, number)
	if p.Off != start*mib || p.Len != size*mib {
		t.Fatalf("p%d lies at %d+%d bytes, want %d+%d MiB", number, p.Off, p.Len, start, size)
	}
	window = filepath.Join(t.TempDir(), "window")
	cutOut(t, image, window, start*mib, size*mib)
	c.fs.clean(t, window)
	f, err := os.Open(window)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	got := scan.Probe(f, 0, size*mib)
	if got.Kind != c.fs.kind || int64(got.Size) > size*mib || got.Dirty != "" && got.Kind != model.NTFS {
		t.Errorf("p%d holds %+v", number, got)
	}
	if spare := size*mib - int64(got.Size); got.Size > 0 && spare >= c.fs.spare()*mib && c.support["grow"] == "" {
		t.Errorf("%d bytes of p%d are not used by its file system", spare, number)
	}
	c.placed(t, window, start*2048)
	return window
}

// subject judges a partition with the subject's files in it.
func (c matrixCell) subject(t *testing.T, image string, number int, start, size int64) (window string) {
	t.Helper()
	window = c.made(t, image, number, start, size)
	if c.files != nil {
		oracle.SameFiles(t, c.fs.files(t, window), c.files)
	}
	return window
}

// placed makes sure that the file system knows where it begins, in all places where it says so.
func (c matrixCell) placed(t *testing.T, window string, start int64) {
	t.Helper()
	hidden := binary.LittleEndian.AppendUint32(nil, uint32(start))
	boot := rangeOf(t, window, 0, 512)
	var backup []byte
	switch c.fs.kind {
	case model.FAT12, model.FAT16:
	case model.FAT32:
		backup = rangeOf(t, window, 512*int64(binary.LittleEndian.Uint16(boot[50:])), 512)
		if !bytes.Equal(backup[67:71], boot[67:71]) {
			t.Error("the serial number in the backup boot sector is another one")
		}
	case model.NTFS:
		backup = rangeOf(t, window, fileSize(t, window)-512, 512)
		if !bytes.Equal(backup, boot) {
			t.Error("the backup boot sector is not at the end, or it is another one")
		}
	case model.ExFAT:
		region := rangeOf(t, window, 0, 12*512)
		if at := binary.LittleEndian.Uint64(region[64:]); at != uint64(start) && at != 0 {
			t.Errorf("it believes to begin at sector %d", at)
		}
		if sum := exfatSum(region); !bytes.Equal(region[11*512:12*512], bytes.Repeat(sum, 128)) {
			t.Errorf("the checksum of the boot region is not % x", sum)
		}
		if !bytes.Equal(region, rangeOf(t, window, 12*512, 12*512)) {
			t.Error("the backup boot region is another one")
		}
		return
	default:
		return
	}
	for _, b := range [][]byte{boot, backup} {
		if b != nil && !bytes.Equal(b[28:32], hidden) {
			t.Errorf("hidden sectors: % x instead of % x", b[28:32], hidden)
		}
	}
}

// sameTable has others judge the table: the neighbour, boot code and names must be as before.
func (c matrixCell) sameTable(t *testing.T, image string) {
	t.Helper()
	before, after := oracle.SFDisk(t, c.image), oracle.SFDisk(t, image)
	if before.Label != after.Label || before.ID != after.ID {
		t.Errorf("table %s %s, was %s %s", after.Label, after.ID, before.Label, before.ID)
	}
	for _, was := range before.Partitions {
		got := after.Part(t, was.Number)
		got.Node, was.Node = "", ""
		if was.Number == c.table.subject {
			got.Start, got.Size, got.Off, got.Len = was.Start, was.Size, was.Off, was.Len
		}
		if got != was {
			t.Errorf("p%d is %+v, was %+v", was.Number, got, was)
		}
	}
	if !bytes.Equal(rangeOf(t, image, 0, 440), rangeOf(t, c.image, 0, 440)) {
		t.Error("the boot code changed")
	}
	at := c.layout.neighbour * mib
	if !bytes.Equal(rangeOf(t, image, at, 2*mib), rangeOf(t, c.image, at, 2*mib)) {
		t.Error("the neighbour changed")
	}
	oracle.TableClean(t, image)
}
