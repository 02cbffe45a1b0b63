package scan

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
)

// With -update-probe the images are made anew by the tools, and what Probe reads of them becomes testdata.
var updateProbe = flag.Bool("update-probe", false, "rewrite testdata/probe from images made by the tools")

var probeSeed = flag.Uint64("seed-probe", 0, "seed of the random tests of Probe, 0 for a random one")

const (
	probeDir  = "testdata/probe"
	probeWant = probeDir + "/want.txt"
)

// recorder keeps the pages that are read through it.
type recorder struct {
	r    io.ReaderAt
	n    int64
	seen map[int64][]byte
	read int64
}

func (c *recorder) ReadAt(b []byte, off int64) (int, error) {
	c.read += int64(len(b))
	for p := off / pageSize; p*pageSize < off+int64(len(b)); p++ {
		page := make([]byte, min(pageSize, c.n-p*pageSize))
		if _, err := c.r.ReadAt(page, p*pageSize); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		c.seen[p] = page
	}
	return c.r.ReadAt(b, off)
}

func summary(fs model.Filesystem) string {
	return fmt.Sprintf("kind=%s label=%q uuid=%s size=%d used=%d min=%d block=%d dirty=%q elsewhere=%q notes=%q",
		fs.Kind, fs.Label, fs.UUID, fs.Size, fs.Used, fs.Min, fs.BlockSize, fs.Dirty, fs.Elsewhere, fs.Notes)
}

// TestProbeAgainstBlkid compares with libblkid's verdict on what the real tools make.
func TestProbeAgainstBlkid(t *testing.T) {
	blkid := testneed.Tool(t, "blkid")
	for _, image := range slices.Concat(probeImages, elsewhereImages) {
		t.Run(image.name, func(t *testing.T) {
			path := image.build(t)
			got, rec := probeFile(t, path)
			if rec.read > 256<<10+maxTable {
				t.Errorf("read %d bytes", rec.read)
			}
			if *updateProbe {
				record(t, image.name, rec)
			}
			if image.alone {
				return
			}
			out, err := exec.Command(blkid, "-p", "-o", "udev", path).CombinedOutput()
			if image.peer {
				out, err = os.ReadFile(filepath.Join(peersDir, image.name+".txt"))
			}
			tags := make(map[string]string)
			for line := range strings.Lines(string(out)) {
				if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
					tags[key] = value
				}
			}
			if _, ambivalent := tags["ID_FS_AMBIVALENT"]; ambivalent || err != nil {
				if !strings.Contains(string(got.Dirty)+got.Notes, "FAT") && !strings.Contains(string(got.Dirty), "both") {
					t.Errorf("blkid finds it ambivalent, got %s\n%s", summary(got), out)
				}
				return
			}
			want := model.FSKind(tags["ID_FS_TYPE"])
			switch want {
			case "vfat":
				want = model.FSKind(strings.ToLower(tags["ID_FS_VERSION"]))
			case "crypto_LUKS":
				want = model.LUKS
			case "LVM2_member":
				want = model.LVM2
			case "linux_raid_member":
				want = model.RAID
			}
			if got.Kind != want || got.UUID != unescape(tags["ID_FS_UUID_ENC"]) || got.Label != strings.TrimRight(unescape(tags["ID_FS_LABEL_ENC"]), " ") {
				t.Errorf("got %s\nblkid says\n%s", summary(got), out)
			}
			if kinds := Signatures(rec, 0, rec.n); len(kinds) != 1 || kinds[0] != want {
				t.Errorf("Signatures: %v", kinds)
			}
		})
	}
	if *updateProbe {
		writeWant(t)
	}
}

func probeFile(t *testing.T, path string) (model.Filesystem, *recorder) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{r: f, n: info.Size(), seen: make(map[int64][]byte)}
	return Probe(rec, 0, rec.n), rec
}

// unescape undoes the \xNN of udev.
func unescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		var x byte
		if s[i] == '\\' && i+3 < len(s) {
			if _, err := fmt.Sscanf(s[i:i+4], `\x%02x`, &x); err == nil {
				out.WriteByte(x)
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func record(t *testing.T, name string, rec *recorder) {
	t.Helper()
	maps.DeleteFunc(rec.seen, func(_ int64, page []byte) bool {
		return !slices.ContainsFunc(page, func(b byte) bool { return b != 0 })
	})
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(pages{n: rec.n, data: rec.seen}.encode(slices.Sorted(maps.Keys(rec.seen)))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(probeDir, name+".pages.gz"), out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeWant(t *testing.T) {
	t.Helper()
	var want strings.Builder
	for _, name := range goldenNames(t) {
		p := golden(t, name)
		fmt.Fprintf(&want, "%s: %s\n", name, summary(Probe(p, 0, p.n)))
	}
	if err := os.WriteFile(probeWant, []byte(want.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func goldenNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(probeDir + "/*.pages.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".pages.gz"))
	}
	slices.Sort(names)
	return names
}

func goldenBytes(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(probeDir, name+".pages.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func golden(t testing.TB, name string) pages {
	t.Helper()
	return decodePages(goldenBytes(t, name))
}

// TestProbeGolden is the twin of TestProbeAgainstBlkid that needs no tools.
func TestProbeGolden(t *testing.T) {
	text, err := os.ReadFile(probeWant)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	makers := len(probeImages) + len(elsewhereImages)
	if names := goldenNames(t); len(names) != len(lines) || len(names) != makers {
		t.Fatalf("%d images, %d expectations, %d makers: run with -update-probe as root", len(names), len(lines), makers)
	}
	for _, line := range lines {
		name, want, _ := strings.Cut(line, ": ")
		p := golden(t, name)
		if got := summary(Probe(p, 0, p.n)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
		// The same in the middle of a disk.
		if got := summary(Probe(shifted{p, 63 * 512}, 63*512, p.n)); got != want {
			t.Errorf("%s at an offset:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

// shifted is r behind by bytes that hold nothing.
type shifted struct {
	r  io.ReaderAt
	by int64
}

func (s shifted) ReadAt(b []byte, off int64) (int, error) {
	if off < s.by {
		return 0, fmt.Errorf("read at %d, in front of the window", off)
	}
	return s.r.ReadAt(b, off-s.by)
}

func TestProbeCutOff(t *testing.T) {
	for _, name := range goldenNames(t) {
		p := golden(t, name)
		whole := Probe(p, 0, p.n)
		if name == "nilfs2-backup" || whole.Kind == model.UDF || whole.Kind == model.RAID || p.n <= 4096 {
			continue // its only signature is at the end
		}
		if whole.Size != geometry.Bytes(p.n) || whole.Kind == model.LUKS || whole.Kind == model.Swap || whole.Kind == model.SwSuspend {
			continue
		}
		if got := Probe(p, 0, p.n-4096); got.Kind != whole.Kind || got.Dirty == "" {
			t.Errorf("%s without its last 4096 bytes: %s", name, summary(got))
		}
	}
	p := golden(t, "ext4")
	for _, n := range []int64{-1, 0, 1, 511, 512, 1023, 1024, 2047} {
		if got := Probe(p, 0, n); got.Known() {
			t.Errorf("%d bytes: %s", n, summary(got))
		}
	}
}

// ends is an image that cannot be read from some byte on.
type ends struct {
	pages
	from int64
}

func (e ends) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > e.from {
		return 0, errors.New("I/O error on the medium")
	}
	return e.pages.ReadAt(p, off)
}

// TestProbeAnyEnd cuts real images off anywhere, and has them unreadable from anywhere on.
func TestProbeAnyEnd(t *testing.T) {
	for _, name := range goldenNames(t) {
		p := golden(t, name)
		for n := int64(512); n <= min(p.n, 512<<10); {
			got := Probe(p, 0, n)
			if got.Known() && int64(got.Size) > n && got.Dirty == "" {
				t.Errorf("%s cut off at %d: %s", name, n, summary(got))
			}
			Probe(ends{p, n}, 0, p.n) // no panic
			if n += 512; n > 32<<10 {
				n += 4096 - 512
			}
		}
	}
}

type broken struct{ from int64 }

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.from {
		return 0, errors.New("I/O error on the medium")
	}
	clear(p)
	return len(p), nil
}

func TestProbeUnreadable(t *testing.T) {
	for _, from := range []int64{0, 32 << 10} {
		got := Probe(broken{from}, 0, mib)
		if got.Known() || got.Notes != "cannot be read: I/O error on the medium" {
			t.Errorf("unreadable from %d: %s", from, summary(got))
		}
	}
	if got := Probe(bytes.NewReader(make([]byte, 8192)), 0, mib); !strings.Contains(got.Notes, "cannot be read") {
		t.Errorf("short device: %s", summary(got))
	}
	if got := Probe(pages{}, 0, mib); got != (model.Filesystem{}) {
		t.Errorf("zeros: %s", summary(got))
	}
	if got := Probe(pages{data: map[int64][]byte{0: []byte("stage 1")}}, 0, mib); got.Known() || got.Notes == "" {
		t.Errorf("unknown content: %s", summary(got))
	}
}

// TestProbeNothing has signatures where none can be, or with nothing behind them.
func TestProbeNothing(t *testing.T) {
	mdraid := golden(t, "mdraid-1").data[1] // metadata 1.2, at 4 KiB
	for _, c := range []struct {
		at    int64
		bytes string
	}{
		{8192, string(mdraid)},       // not where a superblock can be
		{0, string(mdraid)},          // it says that it is elsewhere
		{mib - 8192, string(mdraid)}, // of the disk that the partition ends
		{64<<10 + 52, "ReIsEr3Fs"},   // without blocks
		{32 << 10, "JFS1"},
		{1024, "\x02\x00\x00\x00\x00\x00\x34\x34"}, // without a checksum
		{4086, "SWAPSPACE2"},                       // without a header
		{1024, "BD"},
		{1024 + 16, "\x7f\x13"},
		{mib - 512, "JM"},
		{mib - 4096 + 60, "\x83\x74\x02\x6b"},
	} {
		image := make([]byte, mib)
		copy(image[c.at:], c.bytes)
		if got := Probe(bytes.NewReader(image), 0, mib); got.Known() {
			t.Errorf("%.12q at %d: %s", c.bytes, c.at, summary(got))
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"plain":                "plain",
		"padded   ":            "padded",
		"cut\x00rest":          "cut",
		"\x1b[31mred":          "\uFFFD[31mred",
		"bad \xff\xfe utf":     "bad ÿþ utf",
		"right\u202Eleft":      "right\uFFFDleft",
		"line\nbreak\u2028too": "line\uFFFDbreak\uFFFDtoo",
		"grüße":                "grüße",
	} {
		if got := text([]byte(in)); got != want {
			t.Errorf("text(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBitCounter(t *testing.T) {
	for limit, want := range map[int64]int64{0: 0, 1: 1, 7: 7, 8: 8, 9: 9, 16: 16, 17: 17, 100: 24} {
		c := bitCounter{limit: limit}
		c.add([]byte{0xFF})
		if c.limit > 0 {
			c.add([]byte{0xFF, 0xFF})
		}
		if c.ones != want {
			t.Errorf("limit %d: %d ones, want %d", limit, c.ones, want)
		}
	}
}

// FuzzProbe tries lying superblocks, on images of their length and cut off or unreadable from some byte on: Probe must end
// soon, whatever it is given, and keep its promises.
func FuzzProbe(f *testing.F) {
	for _, name := range goldenNames(f) {
		f.Add(goldenBytes(f, name), uint32(0))
		f.Add(goldenBytes(f, name), uint32(20000))
	}
	f.Fuzz(func(t *testing.T, data []byte, end uint32) {
		p := decodePages(data)
		probePromises(t, p)
		if end > 0 {
			Probe(ends{p, int64(end)}, 0, p.n)
			p.n = min(p.n, int64(end))
			probePromises(t, p)
		}
	})
}

// probePromises checks what Probe promises of any image.
func probePromises(t *testing.T, p pages) {
	t.Helper()
	rec := &counter{r: p}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fs := Probe(rec, 0, p.n)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > mostProbed {
		t.Errorf("%d KiB allocated: %s", took>>10, summary(fs))
	}
	if rec.read > maxPages*pageSize+3*maxTable+(64<<10) {
		t.Errorf("read %d bytes", rec.read)
	}
	if fs.Size < 0 || fs.Used < -1 || fs.Used > fs.Size || fs.Min < 0 || fs.Min > fs.Size || fs.BlockSize < 0 {
		t.Errorf("out of range: %s", summary(fs))
	}
	if strings.ContainsFunc(fs.Label+fs.UUID, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		t.Errorf("control characters: %s", summary(fs))
	}
}

// probeRand is where a random test of Probe takes its numbers from.
func probeRand(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *probeSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed-probe=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// mostProbed is how many bytes of memory a probe may ask for in all, those that it gives back among them.
const mostProbed = 4 << 20

// TestProbeLyingHeaders puts the largest numbers, and some that are only large, into the words of every superblock, on a
// disk of 1 PiB, where they can be true. A run takes every fifth word, drawn by lot.
func TestProbeLyingHeaders(t *testing.T) {
	values := []uint32{1<<32 - 1, 1<<31 - 1, 1 << 31, 1 << 24, 1 << 16}
	rng := probeRand(t)
	probes := 0
	for _, name := range goldenNames(t) {
		p := decodePages(bytes.Clone(goldenBytes(t, name)))
		p.n = 1 << 50
		for _, number := range slices.Sorted(maps.Keys(p.data)) {
			page := p.data[number]
			if number > 16 && number != 0x10000/pageSize { // beyond the last superblock, that of btrfs
				continue
			}
			// Superblocks begin at the start of a sector, and their numbers lie in the first 512 bytes.
			for at := 4 * rng.IntN(5); at+4 <= len(page); at += 4 * (1 + rng.IntN(9)) {
				if at%1024 >= 512 && number > 0 || !slices.ContainsFunc(page[at/512*512:min(len(page), at/512*512+512)], func(b byte) bool { return b != 0 }) {
					continue
				}
				was := binary.LittleEndian.Uint32(page[at:])
				binary.LittleEndian.PutUint32(page[at:], values[rng.IntN(len(values))])
				probePromises(t, p)
				probes++
				if t.Failed() {
					t.Fatalf("with %s, page %d, byte %d", name, number, at)
				}
				binary.LittleEndian.PutUint32(page[at:], was)
			}
		}
	}
	t.Logf("%d headers", probes)
}

// TestRegistry has every prober say what it finds, and find nothing but that.
func TestRegistry(t *testing.T) {
	rows := slices.Concat(registry[:]...)
	for i, p := range rows {
		if (p.find == nil) == (p.magic == nil) || p.kind == "" {
			t.Errorf("prober %d is not complete", i)
		}
	}
	for _, name := range goldenNames(t) {
		g := golden(t, name)
		w := newWindow(g, 0, g.n)
		for _, p := range rows {
			if fs, ok := p.probe(w); ok && fs.Kind != p.kind && !slices.Contains(p.also, fs.Kind) {
				t.Errorf("%s: the prober of %s found %s", name, p.kind, fs.Kind)
			}
		}
	}
}

// TestProbeBcachefsState changes the flags and other bytes of a real superblock, with and without its checksum.
func TestProbeBcachefsState(t *testing.T) {
	const label, flags = 72, 144
	for _, c := range []struct {
		name   string
		at     int
		with   byte
		summed bool
		want   string
	}{
		{"label", label, 'X', true, ""},
		{"label behind the checksum's back", label, 'X', false, "superblock checksum does not match"},
		{"in use", flags, 0x05, true, "not unmounted cleanly"},
		{"not yet in use", flags, 0x04, true, ""},
		{"errors", flags + 7, 0x11, true, "has errors"},
	} {
		p := golden(t, "bcachefs")
		first := p.data[bcachefsAt/pageSize]
		super := bytes.Clone(newWindow(p, 0, p.n).at(bcachefsAt, bcachefsFields+8*int(binary.LittleEndian.Uint32(first[124:]))))
		first[c.at], super[c.at] = c.with, c.with
		if c.summed {
			binary.LittleEndian.PutUint32(first, crc32.Checksum(super[16:], crc32.MakeTable(crc32.Castagnoli)))
		}
		if got := Probe(p, 0, p.n); got.Kind != model.Bcachefs || string(got.Dirty) != c.want {
			t.Errorf("%s: %s", c.name, summary(got))
		}
	}
}

// TestProbeMutated is a short run of what FuzzProbe does at length: bytes and words of real superblocks are replaced.
func TestProbeMutated(t *testing.T) {
	rng := probeRand(t)
	odd := []byte{0, 1, 0x7F, 0x80, 0xFE, 0xFF}
	for _, name := range goldenNames(t) {
		blob := goldenBytes(t, name)
		for range 200 {
			p := decodePages(bytes.Clone(blob))
			for _, number := range slices.Sorted(maps.Keys(p.data)) {
				page := p.data[number]
				for range rng.IntN(4) {
					// Superblocks are at the beginning of pages, so most changes go there.
					at := min(rng.IntN(len(page)), rng.IntN(len(page)), rng.IntN(len(page)))
					for i := at; i < min(at+1+rng.IntN(8), len(page)); i++ {
						page[i] = odd[rng.IntN(len(odd))]
					}
				}
			}
			probePromises(t, p)
			if t.Failed() {
				t.Fatalf("with %s", name)
			}
		}
	}
}

type counter struct {
	r    io.ReaderAt
	read int64
}

func (c *counter) ReadAt(b []byte, off int64) (int, error) {
	c.read += int64(len(b))
	return c.r.ReadAt(b, off)
}

// TestProbeNTFSJournal writes restart pages, which only Windows makes, into a real volume.
func TestProbeNTFSJournal(t *testing.T) {
	const clean, none = 2, 0xFFFF
	page := func(lsn byte, client uint16, flags byte) []byte {
		b := make([]byte, 512)
		copy(b, "RSTR")
		b[24] = 0x30
		b[0x30] = lsn
		b[0x3C], b[0x3D], b[0x3E] = byte(client), byte(client>>8), flags
		return b
	}
	for _, c := range []struct {
		name          string
		first, second []byte
		want          model.Trait
	}{
		{"reset", nil, nil, model.NoTrait},
		{"clean", page(1, 0, clean), page(2, 0, clean), model.NoTrait},
		{"no client", page(1, none, 0), page(2, none, 0), model.NoTrait},
		{"open", page(1, 0, 0), page(2, 0, 0), model.OpenJournal},
		{"newer is open", page(1, 0, clean), page(2, 0, 0), model.OpenJournal},
		{"newer is clean", page(3, 0, clean), page(2, 0, 0), model.NoTrait},
		{"second is damaged", page(1, 0, 0), make([]byte, 512), model.OpenJournal},
	} {
		p := golden(t, "ntfs")
		w := newWindow(p, 0, p.n)
		v, ok := ntfsShape(&superblock{w: w, b: w.at(0, 512), order: le})
		if !ok {
			t.Fatal("no NTFS")
		}
		next, stop := iter.Pull2(v.runs(attribute(v.mftRecord(mftLog), attrData, "")))
		log, _, ok := next()
		stop()
		if !ok {
			t.Fatal("no runs of $LogFile")
		}
		for i, b := range [][]byte{c.first, c.second} {
			if b != nil {
				p.data[log/pageSize+int64(i)] = b
			}
		}
		if got := Probe(p, 0, p.n); got.Kind != model.NTFS || got.Trait != c.want || (got.Dirty == "") != (c.want == model.NoTrait) {
			t.Errorf("%s: %s", c.name, summary(got))
		}
	}
}
