package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops"
)

var wholeMatrix = flag.Bool("matrix", false, "try every cell of the acceptance table, not a sample")

// matrixTable is a kind of table that the acceptance table tries, with the subject in the middle of free space and a
// neighbour behind it. All lengths are in MiB.
type matrixTable struct {
	name          string
	script        string // $A, $S: the subject's start and size; $B: the neighbour's start; all in MiB
	a, b, created int    // numbers of the subject, of the neighbour, and of what is created behind them
}

func matrixTables() []matrixTable {
	return []matrixTable{
		{"GPT", `printf "label: gpt\nstart=${A}MiB,size=${S}MiB,name=subject,attrs=\"GUID:59\"\nstart=${B}MiB,size=2MiB,name=neighbour\n" | sfdisk -q $IMG`, 1, 2, 3},
		{"MBR", `printf "label: dos\nlabel-id: 0xdeadbeef\nstart=${A}MiB,size=${S}MiB,type=$TYPE,bootable\nstart=${B}MiB,size=2MiB,type=da\n" | sfdisk -q $IMG`, 1, 2, 3},
		{"logical", `printf "label: dos\nlabel-id: 0xdeadbeef\nstart=1MiB,type=f\nstart=${A}MiB,size=${S}MiB,type=$TYPE\nstart=${B}MiB,size=2MiB,type=da\n" | sfdisk -q $IMG`, 5, 6, 7},
	}
}

// matrixOp is a column of the acceptance table.
type matrixOp struct {
	name    string
	ability ops.Ability
	lines   func(c matrixCell) string
	// shift and size are how far the subject moves and how large it is afterwards, in MiB.
	shift, size func(s int64) int64
	result      func(t *testing.T, c matrixCell, window string) // judges what else must be so
}

func same(s int64) int64 { return s }
func none(int64) int64   { return 0 }

func matrixOps() []matrixOp {
	return []matrixOp{
		{"create", ops.CanCreate, func(c matrixCell) string {
			return fmt.Sprintf("new %dMiB at %dMiB fs=%s%s", c.fs.size, c.layout.rest, c.fs.kind, c.table.as())
		}, none, same, nil},
		{"grow", ops.CanGrow, func(c matrixCell) string {
			return fmt.Sprintf("resize %d to %dMiB", c.table.a, larger(c.fs.size))
		}, none, larger, nil},
		{"shrink", ops.CanShrink, func(c matrixCell) string {
			return fmt.Sprintf("resize %d to %dMiB", c.table.a, smaller(c.fs.size))
		}, none, smaller, nil},
		{"move right", ops.CanMove, func(c matrixCell) string {
			return fmt.Sprintf("move %d right %dMiB", c.table.a, third(c.fs.size))
		}, third, same, nil},
		{"move left", ops.CanMove, func(c matrixCell) string {
			return fmt.Sprintf("move %d left %dMiB", c.table.a, third(c.fs.size))
		}, func(s int64) int64 { return -third(s) }, same, nil},
		{"copy", ops.CanCopy, func(c matrixCell) string {
			return fmt.Sprintf("copy %d at %dMiB", c.table.a, c.layout.rest)
		}, none, same, nil},
		{"label", ops.CanLabel, func(c matrixCell) string {
			return fmt.Sprintf("label %d \"FRESH\"", c.table.a)
		}, none, same, func(t *testing.T, c matrixCell, window string) {
			t.Helper()
			if got := blkid(t, window, "LABEL"); got != "FRESH" {
				t.Errorf("blkid says the label is %q", got)
			}
		}},
		{"UUID", ops.CanUUID, func(c matrixCell) string {
			return fmt.Sprintf("uuid %d new", c.table.a)
		}, none, same, func(t *testing.T, c matrixCell, window string) {
			t.Helper()
			if old, got := blkid(t, c.window, "UUID"), blkid(t, window, "UUID"); got == old || got == "" {
				t.Errorf("blkid says the UUID is %q and was %q", got, old)
			}
		}},
		{"check", ops.CanCheck, func(c matrixCell) string {
			return fmt.Sprintf("check %d", c.table.a)
		}, none, same, nil},
	}
}

// larger, smaller and third are sizes that no grid of blocks or groups likes especially.
func larger(s int64) int64  { return s + s/2 + s%3 + 1 }
func smaller(s int64) int64 { return s - s/5 }
func third(s int64) int64   { return s/3 + 1 }

func (t matrixTable) as() string {
	if t.name == "logical" {
		return " as=logical"
	}
	return ""
}

// matrixLayout is where things lie, in MiB.
type matrixLayout struct{ a, b, rest, size int64 }

func layoutFor(s int64) matrixLayout {
	l := matrixLayout{a: s + 2}
	l.b = l.a + 2*s + 4
	l.rest = l.b + 4
	l.size = l.rest + s + 4
	return l
}

// matrixCell is one try: a file system on a kind of table.
type matrixCell struct {
	fs     matrixFS
	table  matrixTable
	layout matrixLayout
	window string // the file system by itself
	files  map[string]string
	image  string // with a table
}

// TestMatrix is the acceptance table: every file system, on every kind of table, with every operation. What is not
// offered must have its reason and be refused with it. Without -matrix each file system is tried with one operation per kind of
// table, another one at each run.
func TestMatrix(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "blkid")
	rng := rand.New(rand.NewSource(seed(t)))
	support := toldSupport(t)
	chart := map[string]string{}
	for i, fs := range matrixKinds() {
		t.Run(string(fs.kind), func(t *testing.T) {
			layout := layoutFor(fs.size)
			window, files := fs.make(t, layout.a*mib/512)
			turn := rng.Intn(9)
			for j, table := range matrixTables() {
				c := matrixCell{fs: fs, table: table, layout: layout, window: window, files: files}
				c.build(t)
				for k, op := range matrixOps() {
					if !*wholeMatrix && k != (turn+i+3*j)%len(matrixOps()) {
						continue
					}
					t.Run(op.name+" on "+table.name, func(t *testing.T) {
						reason := support[fs.kind][op.ability.String()]
						c.try(t, op, reason)
						mark := "yes"
						if reason != "" {
							mark = "no: " + reason
						}
						if t.Failed() {
							mark = "FAILED"
						}
						chart[string(fs.kind)+"|"+op.name+"|"+table.name] = mark
					})
				}
			}
		})
	}
	t.Log("\n" + drawMatrix(chart))
}

// toldSupport is the support matrix as the program tells it: by kind and ability why not, nothing where there is no reason.
func toldSupport(t *testing.T) map[model.FSKind]map[string]string {
	t.Helper()
	told := people()[0].run(t, "info", "--support", "--json")
	told.want(t, 0)
	var report supportReport
	if err := json.Unmarshal([]byte(told.out), &report); err != nil {
		t.Fatal(err)
	}
	support := map[model.FSKind]map[string]string{}
	for _, k := range report.FileSystems {
		support[model.FSKind(k.Kind)] = map[string]string{}
		for ability, reason := range k.Reasons {
			if reason != nil {
				support[model.FSKind(k.Kind)][ability] = *reason
			}
		}
	}
	return support
}

// build makes the image with the subject and its neighbour in it.
func (c *matrixCell) build(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	c.image = filepath.Join(dir, "disk.raw")
	typ := strings.TrimPrefix(string(model.DefaultType(model.TableMBR, model.Primary, c.fs.kind)), "0x")
	sh(t, dir, fmt.Sprintf("truncate -s %dM disk.raw; IMG=disk.raw A=%d S=%d B=%d TYPE=%s\n%s", c.layout.size, c.layout.a, c.fs.size, c.layout.b, typ, c.table.script))
	sh(t, dir, fmt.Sprintf("dd if='%s' of=disk.raw bs=1M seek=%d conv=notrunc,sparse status=none", c.window, c.layout.a))
	sh(t, dir, fmt.Sprintf("yes neighbour | head -c 2M | dd of=disk.raw bs=1M seek=%d conv=notrunc status=none", c.layout.b))
}

// try does one operation on a copy of the image and judges what became of it.
func (c matrixCell) try(t *testing.T, op matrixOp, reason string) {
	t.Helper()
	dir := t.TempDir()
	image := filepath.Join(dir, "disk.raw")
	cutOut(t, c.image, image, 0, c.layout.size*mib)
	if err := os.WriteFile(filepath.Join(dir, "plan"), []byte(op.lines(c)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := modified(t, image)
	out := people()[0].run(t, "apply", "--yes", "--no-undo", "--align", "none", image, filepath.Join(dir, "plan"))
	if reason != "" {
		out.want(t, exitRefused, reason)
		if after := modified(t, image); after != before {
			t.Error("what was refused changed the image")
		}
		return
	}
	out.want(t, 0, "Done")
	c.sameTable(t, image)
	number, start, size := c.table.a, c.layout.a+op.shift(c.fs.size), op.size(c.fs.size)
	if op.name == "create" || op.name == "copy" {
		c.subject(t, image, c.table.a, c.layout.a, c.fs.size, "")
		number, start = c.table.created, c.layout.rest
	}
	window := c.subject(t, image, number, start, size, op.name)
	if op.result != nil {
		op.result(t, c, window)
	}
}

// subject cuts a partition out of the image, which must be where it is expected, and judges what is in it.
func (c matrixCell) subject(t *testing.T, image string, number int, start, size int64, op string) (window string) {
	t.Helper()
	p := sfdisk(t, image).part(t, number)
	if p.startB != start*mib || p.lenB != size*mib {
		t.Fatalf("p%d lies at %d+%d bytes, want %d+%d MiB", number, p.startB, p.lenB, start, size)
	}
	dir := t.TempDir()
	window = filepath.Join(dir, "window")
	cutOut(t, image, window, start*mib, size*mib)
	c.fs.clean(t, window)
	if c.files != nil && op != "create" {
		sameFiles(t, c.fs.files(t, window), c.files)
	}
	if c.fs.files == nil && slices.Contains([]string{"", "move right", "move left", "copy"}, op) && c.fs.kind != model.Swap {
		c.sameBytes(t, window)
	}
	got := probeFile(t, window)
	if got.Kind != c.fs.kind || int64(got.Size) > size*mib {
		t.Errorf("p%d holds %+v", number, got)
	}
	if spare := size*mib - int64(got.Size); got.Size > 0 && spare >= 2*mib {
		t.Errorf("%d bytes of p%d are not used by its file system", spare, number)
	}
	if op != "create" && op != "label" && blkid(t, window, "LABEL") != "OLD" {
		t.Errorf("blkid says the label is %q", blkid(t, window, "LABEL"))
	}
	if op != "create" && op != "UUID" && op != "copy" && blkid(t, window, "UUID") != blkid(t, c.window, "UUID") {
		t.Errorf("blkid says the UUID is %q", blkid(t, window, "UUID"))
	}
	switch c.fs.kind {
	case model.FAT12, model.FAT16, model.FAT32, model.NTFS:
		if got := rangeOf(t, window, 0, 512)[28:32]; !bytes.Equal(got, []byte{byte(start * 2048), byte(start * 2048 >> 8), byte(start * 2048 >> 16), 0}) {
			t.Errorf("hidden sectors of p%d: % x", number, got)
		}
	default:
	}
	return window
}

// sameBytes compares with the file system as it was made, but for what tells the position.
func (c matrixCell) sameBytes(t *testing.T, window string) {
	t.Helper()
	was, is := readFile(t, c.window), readFile(t, window)
	for _, p := range c.fs.places {
		clear(was[p.from:p.to])
		clear(is[p.from:p.to])
	}
	if !bytes.Equal(was, is) {
		t.Error("the content is not the same")
	}
}

// sameTable has others judge the table: the neighbour, boot code and names must be as before.
func (c matrixCell) sameTable(t *testing.T, image string) {
	t.Helper()
	before, after := sfdisk(t, c.image), sfdisk(t, image)
	if before.Label != after.Label || before.ID != after.ID {
		t.Errorf("table %s %s, was %s %s", after.Label, after.ID, before.Label, before.ID)
	}
	for _, was := range before.Partitions {
		got := after.part(t, was.number)
		got.Node, was.Node = "", ""
		if was.number == c.table.a {
			got.Start, got.Size, got.startB, got.lenB = was.Start, was.Size, was.startB, was.lenB
		}
		if got != was {
			t.Errorf("p%d is %+v, was %+v", was.number, got, was)
		}
	}
	if !bytes.Equal(rangeOf(t, image, 0, 440), rangeOf(t, c.image, 0, 440)) {
		t.Error("the boot code changed")
	}
	at := c.layout.b * mib
	if !bytes.Equal(rangeOf(t, image, at, 2*mib), rangeOf(t, c.image, at, 2*mib)) {
		t.Error("the neighbour changed")
	}
	if c.table.name == "GPT" {
		testneed.Tool(t, "sgdisk")
		if out := sh(t, ".", "sgdisk -v '"+image+"'"); !strings.Contains(out, "No problems found") {
			t.Errorf("sgdisk: %s", out)
		}
	}
	partedAgrees(t, image)
}

// partedAgrees has parted, and so the library that GParted uses, open an image: it must have nothing to say against it.
func partedAgrees(t testing.TB, image string) {
	t.Helper()
	testneed.Tool(t, "parted")
	out := sh(t, ".", "parted -s '"+image+"' unit s print 2>&1 </dev/null")
	if strings.Contains(out, "Warning") || strings.Contains(out, "Error") {
		t.Errorf("parted: %s", out)
	}
}

// blkid is what blkid says of a file system.
func blkid(t testing.TB, window, what string) string {
	t.Helper()
	return strings.TrimSpace(sh(t, ".", fmt.Sprintf("blkid -p -o value -s %s '%s' || test $? = 2", what, window)))
}

func probeFile(t *testing.T, path string) model.Filesystem {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	return scan.Probe(f, 0, fileSize(t, path))
}

// drawMatrix is the table as the README shows it, with the reasons below.
func drawMatrix(chart map[string]string) string {
	var b strings.Builder
	b.WriteString("| file system |")
	for _, op := range matrixOps() {
		b.WriteString(" " + op.name + " |")
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(matrixOps())+1) + "\n")
	var reasons []string
	for _, fs := range matrixKinds() {
		b.WriteString("| " + string(fs.kind) + " |")
		for _, op := range matrixOps() {
			var done []string
			cell := ""
			for _, table := range matrixTables() {
				switch mark := chart[string(fs.kind)+"|"+op.name+"|"+table.name]; {
				case mark == "yes":
					done = append(done, table.name)
				case strings.HasPrefix(mark, "no: "):
					reason := strings.TrimPrefix(mark, "no: ")
					at := slices.Index(reasons, reason)
					if at < 0 {
						at = len(reasons)
						reasons = append(reasons, reason)
					}
					cell = fmt.Sprintf("– (%d)", at+1)
				case mark != "":
					cell = mark
				}
			}
			switch {
			case cell != "":
			case len(done) == len(matrixTables()):
				cell = "yes"
			default:
				cell = strings.Join(done, ", ")
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	for i, reason := range reasons {
		fmt.Fprintf(&b, "\n%d. %s", i+1, reason)
	}
	return b.String()
}
