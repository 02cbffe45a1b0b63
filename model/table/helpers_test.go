package table

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

const (
	s512  = geometry.Sector512
	s4096 = geometry.Sector4096
	mib   = int64(geometry.MiB)
)

// newUUIDs hands out the same sequence in every test.
func newUUIDs() func() uuid.UUID {
	n := uint64(0)
	return func() uuid.UUID {
		n++
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[:], 0xA1B2C3D4E5F64711)
		binary.BigEndian.PutUint64(id[8:], 0x8000000000000000|n)
		return id
	}
}

// image is a sparse file that foreign programs work on.
type image struct {
	t    testing.TB
	path string
}

func newImage(t testing.TB, size int64) image {
	t.Helper()
	img := image{t, filepath.Join(t.TempDir(), "disk.img")}
	if err := os.WriteFile(img.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	img.truncate(size)
	return img
}

func (img image) truncate(size int64) {
	img.t.Helper()
	if err := os.Truncate(img.path, size); err != nil {
		img.t.Fatal(err)
	}
}

func (img image) bytes() []byte {
	img.t.Helper()
	b, err := os.ReadFile(img.path)
	if err != nil {
		img.t.Fatal(err)
	}
	return b
}

// head is the first n bytes of an image.
func (img image) head(n int) []byte {
	img.t.Helper()
	b := make([]byte, n)
	if _, err := img.open().ReadAt(b, 0); err != nil {
		img.t.Fatal(err)
	}
	return b
}

func (img image) size() int64 {
	img.t.Helper()
	info, err := os.Stat(img.path)
	if err != nil {
		img.t.Fatal(err)
	}
	return info.Size()
}

func (img image) write(off int64, b []byte) {
	img.t.Helper()
	f, err := os.OpenFile(img.path, os.O_WRONLY, 0)
	if err != nil {
		img.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, off); err != nil {
		img.t.Fatal(err)
	}
}

func (img image) apply(patches []Patch) {
	img.t.Helper()
	for _, p := range patches {
		img.write(p.Off, p.Data)
	}
}

func (img image) open() *os.File {
	img.t.Helper()
	f, err := os.Open(img.path)
	if err != nil {
		img.t.Fatal(err)
	}
	img.t.Cleanup(func() { f.Close() })
	return f
}

func (img image) read(z geometry.SectorSize) model.Disk {
	img.t.Helper()
	d, err := Read(img.open(), img.size(), z)
	if err != nil {
		img.t.Fatal(err)
	}
	for _, p := range d.Problems() {
		if strings.Contains(p.Text+p.Advice, "%") {
			img.t.Errorf("a format verb in %q; %q", p.Text, p.Advice)
		}
	}
	return d
}

// sfdisk feeds a script to sfdisk.
func (img image) sfdisk(script string, args ...string) {
	img.t.Helper()
	args = append([]string{"--quiet", "--no-reread", "--no-tell-kernel"}, args...)
	run(img.t, script, "sfdisk", append(args, img.path)...)
}

func (img image) sgdisk(args ...string) {
	img.t.Helper()
	run(img.t, "", "sgdisk", append(args, img.path)...)
}

func (img image) parted(args ...string) {
	img.t.Helper()
	run(img.t, "", "parted", append([]string{"--script", img.path}, args...)...)
}

// run runs a program and is its output.
func run(t testing.TB, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(testneed.Tool(t, name), args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// sfdiskAgrees compares a model with what sfdisk reads from the same disk.
func sfdiskAgrees(t testing.TB, path string, d model.Disk) {
	t.Helper()
	s := oracle.SFDisk(t, path)
	if want := map[model.TableKind]string{model.TableGPT: "gpt", model.TableMBR: "dos"}[d.Table.Kind]; s.Label != want {
		t.Errorf("sfdisk sees a %s table, want %s", s.Label, want)
	}
	if !strings.EqualFold(s.ID, d.Table.ID) {
		t.Errorf("sfdisk sees the table ID %s, want %s", s.ID, d.Table.ID)
	}
	if usable := (geometry.Span{Start: geometry.Sector(s.FirstLBA), End: geometry.Sector(s.LastLBA) + 1}); d.Table.Kind == model.TableGPT && usable != d.Table.Usable {
		t.Errorf("sfdisk sees the usable range %v, want %v", usable, d.Table.Usable)
	}
	if len(s.Partitions) != len(d.Partitions()) {
		t.Errorf("sfdisk sees %d partitions, want %d", len(s.Partitions), len(d.Partitions()))
	}
	for _, q := range s.Partitions {
		number := q.Number
		p, ok := d.ByNumber(number)
		if !ok {
			t.Errorf("sfdisk sees p%d at %d, the model has none", number, q.Start)
			continue
		}
		if span := geometry.SpanOf(geometry.Sector(q.Start), geometry.Sector(q.Size)); span != p.Span {
			t.Errorf("sfdisk sees p%d at %v, want %v", number, span, p.Span)
		}
		kind := strings.TrimPrefix(string(p.Type), "0x")
		if d.Table.Kind == model.TableMBR {
			kind = strings.TrimLeft(kind, "0")
		}
		if !strings.EqualFold(q.Type, kind) {
			t.Errorf("sfdisk sees p%d with type %s, want %s", number, q.Type, kind)
		}
		if q.Bootable != p.Active {
			t.Errorf("sfdisk sees p%d bootable %v, want %v", number, q.Bootable, p.Active)
		}
		if d.Table.Kind == model.TableMBR {
			continue
		}
		if q.Name != p.Name {
			t.Errorf("sfdisk sees p%d with name %q, want %q", number, q.Name, p.Name)
		}
		if !strings.EqualFold(q.UUID, p.UUID) {
			t.Errorf("sfdisk sees p%d with PARTUUID %s, want %s", number, q.UUID, p.UUID)
		}
		if bits := attributeBits(t, q.Attrs); bits != p.Attributes {
			t.Errorf("sfdisk sees p%d with attributes %#x, want %#x", number, bits, p.Attributes)
		}
	}
}

func attributeBits(t testing.TB, words string) uint64 {
	t.Helper()
	var bits uint64
	named := map[string]uint64{"RequiredPartition": 1, "NoBlockIOProtocol": 2, "LegacyBIOSBootable": 4}
	for _, word := range strings.Fields(strings.ReplaceAll(words, ",", " ")) {
		if bit, ok := named[word]; ok {
			bits |= bit
			continue
		}
		n, err := strconv.Atoi(strings.TrimPrefix(word, "GUID:"))
		if err != nil {
			t.Fatalf("sfdisk: attribute %q", word)
		}
		bits |= 1 << n
	}
	return bits
}

// encode applies an edit and checks what every edit has to hold: the patches are whole sectors inside the
// disk, writing them again would change nothing, and Read finds the disk that was wanted.
func (img image) encode(before, after model.Disk) []Patch {
	img.t.Helper()
	if grown := int64(after.Size()); grown > img.size() {
		img.truncate(grown)
	}
	patches, err := Encode(img.open(), before, after, newUUIDs())
	if err != nil {
		img.t.Fatalf("encode: %v", err)
	}
	z := int64(before.SectorSize)
	for _, p := range patches {
		if p.Off%z != 0 || int64(len(p.Data))%z != 0 || len(p.Data) == 0 || p.Off < 0 || p.Off+int64(len(p.Data)) > int64(after.Size()) {
			img.t.Errorf("patch %q of %d bytes at %d is not whole sectors of the disk", p.What, len(p.Data), p.Off)
		}
	}
	img.apply(patches)
	if shrunk := int64(after.Size()); shrunk < img.size() {
		img.truncate(shrunk)
	}
	d := img.read(before.SectorSize)
	if diff := difference(d, after); diff != "" && !isFresh(before, after) {
		img.t.Errorf("read back: %s", diff)
	}
	again, err := Encode(img.open(), d, d, newUUIDs())
	if err != nil || len(again) != 0 {
		img.t.Errorf("the table that was written is written again: %d patches, %v", len(again), err)
	}
	return patches
}

// change is a run of bytes in which two images differ.
type change struct{ from, to int }

// changes lists the runs in which two images differ; the shorter one counts as followed by zeros.
func changes(a, b []byte) []change {
	n := max(len(a), len(b))
	if len(a) < n {
		a = append(bytes.Clone(a), make([]byte, n-len(a))...)
	}
	if len(b) < n {
		b = append(bytes.Clone(b), make([]byte, n-len(b))...)
	}
	var list []change
	for i := 0; i < n; {
		if a[i] == b[i] {
			// Skip equal pages at once: images are mostly holes.
			if i%4096 == 0 && i+4096 <= n && bytes.Equal(a[i:i+4096], b[i:i+4096]) {
				i += 4096
			} else {
				i++
			}
			continue
		}
		from := i
		for i < n && a[i] != b[i] {
			i++
		}
		list = append(list, change{from, i})
	}
	return list
}

// onlyWithin fails if two images differ outside of the allowed runs.
func onlyWithin(t testing.TB, a, b []byte, allowed ...change) {
	t.Helper()
next:
	for _, c := range changes(a, b) {
		for _, ok := range allowed {
			if c.from >= ok.from && c.to <= ok.to {
				continue next
			}
		}
		t.Errorf("bytes %d to %d changed: %x -> %x", c.from, c.to, a[min(c.from, len(a)):min(c.to, len(a))], b[min(c.from, len(b)):min(c.to, len(b))])
	}
}

// gptFields are the bytes that an edit of the entries in these slots may change: their LBAs in both copies,
// and the checksums.
func (img image) gptFields(z geometry.SectorSize, slots ...int) []change {
	img.t.Helper()
	g := img.gpt(z)
	var list []change
	for _, c := range []gptCopy{g.primary, g.backup} {
		header := int(z.Bytes(c.at))
		list = append(list, change{header + 16, header + 20}, change{header + 88, header + 92})
		for _, slot := range slots {
			from := int(z.Bytes(c.header.Array)) + slot*int(c.header.EntrySize) + 32
			list = append(list, change{from, from + 16})
		}
	}
	return list
}

func (img image) gpt(z geometry.SectorSize) gptDisk {
	img.t.Helper()
	src, err := newSource(img.open(), z, z.Down(geometry.Bytes(img.size())))
	if err != nil {
		img.t.Fatal(err)
	}
	g, err := loadGPT(src)
	if err != nil {
		img.t.Fatal(err)
	}
	return g
}

// moved is d with partition number shifted by so many sectors.
func moved(t testing.TB, d model.Disk, number int, by geometry.Sector) model.Disk {
	t.Helper()
	p := numbered(t, d, number)
	p.Span = p.Span.Shift(by)
	return d.With(p)
}

// resized is d with the end of partition number shifted by so many sectors.
func resized(t testing.TB, d model.Disk, number int, by geometry.Sector) model.Disk {
	t.Helper()
	p := numbered(t, d, number)
	p.Span.End += by
	return d.With(p)
}

func numbered(t testing.TB, d model.Disk, number int) model.Partition {
	t.Helper()
	p, ok := d.ByNumber(number)
	if !ok {
		t.Fatalf("there is no p%d", number)
	}
	return p
}

func rechained(t testing.TB, d model.Disk) model.Disk {
	t.Helper()
	d, err := model.Rechain(d)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wantProblem fails unless some problem of the disk has this severity and holds the words.
func wantProblem(t testing.TB, d model.Disk, severity model.Severity, words string) {
	t.Helper()
	plainWords(t, d)
	for _, p := range d.Problems() {
		if p.Severity == severity && strings.Contains(p.Text, words) {
			return
		}
	}
	t.Errorf("no problem of severity %d with %q in %+v", severity, words, d.Problems())
}

// terms are words that only those know who know the format.
var terms = regexp.MustCompile(`LBA|boot record|slot|0x|55 AA|protective|primary|array`)

// plainWords requires that every problem that users see at once is also said without terms.
func plainWords(t testing.TB, d model.Disk) {
	t.Helper()
	for _, p := range d.Problems() {
		if shown := cmp.Or(p.Plain, p.Text); p.Severity >= model.Warning && terms.MatchString(shown) {
			t.Errorf("%q is not plain", shown)
		}
	}
}

// worst is the greatest severity among a disk's problems, -1 if it has none.
func worst(d model.Disk) model.Severity {
	severity := model.Severity(-1)
	for _, p := range d.Problems() {
		severity = max(severity, p.Severity)
	}
	return severity
}

func describe(d model.Disk) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %v\n", d.Table, d.Sectors)
	for _, p := range d.Partitions() {
		fmt.Fprintf(&b, "%s %s %v ebr %d %s\n", p.Ref(), p.Role, p.Span, p.EBR, p.Type)
	}
	return b.String()
}
