package scan

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
	"shunt/model/testneed"
)

// fewestImages is how many images make a run that counts: the older archive has no more.
const fewestImages = 125

// blkidImages returns the directory with the images that libblkid is tested with.
func blkidImages(t *testing.T) string {
	t.Helper()
	testneed.Tool(t, "xz")
	return oracle.Unpacked(t, "blkid-images-fs-tables", `tar -xJf "$ARCHIVE" --strip-components=5 --wildcards '*/tests/ts/blkid/images-*/*.xz'
xz -d *.xz`, oracle.Source{
		URL: "https://deb.debian.org/debian/pool/main/u/util-linux/util-linux_2.42.3.orig.tar.xz",
		Sum: "66ac7c0e725278eb2b039e3104f2c91119341d941b41bac7a285c695f940bd57",
	}, oracle.Source{
		URL: "https://deb.debian.org/debian/pool/main/u/util-linux/util-linux_2.41.orig.tar.xz",
		Sum: "81ee93b3cfdfeb7d7c4090cedeba1d7bbce9141fd0b501b686b3fe475ddca4c6",
	})
}

// TestBlkidImages scans the images that libblkid is tested with. testdata/blkid.tsv has its verdicts: name, type, usage,
// label, UUID. Nothing may be called something else.
func TestBlkidImages(t *testing.T) {
	dir := blkidImages(t)
	table, err := os.ReadFile("testdata/blkid.tsv")
	if err != nil {
		t.Fatal(err)
	}
	images, full, rng := 0, 0, probeRand(t)
	for line := range strings.Lines(string(table)) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		f, err := os.Open(filepath.Join(dir, row[0]+".img"))
		if err != nil {
			continue // an archive that is older than the image
		}
		images++
		fs := scanWhole(t, f)
		spoil(t, f, rng)
		_ = f.Close() // only read
		switch kind := systemName(fs.Kind); {
		case kind == "":
			t.Logf("%s: not recognised, but %s", row[0], row[1])
		case kind != row[1]:
			t.Errorf("%s: is %s, and was called %s", row[0], row[1], kind)
		case fs.Label != row[3] || fs.UUID != row[4]:
			t.Logf("%s: label %q and UUID %q, but %q and %q", row[0], fs.Label, fs.UUID, row[3], row[4])
		default:
			full++
		}
	}
	t.Logf("%d of %d images agree in kind, label and UUID", full, images)
	if images < fewestImages || full < images {
		t.Errorf("%d of %d images agree in kind, label and UUID", full, images)
	}
}

// TestBlkidTables scans the partition tables that libblkid is tested with. Those that shunt does not edit have to be named,
// and the parts of a partition are those that libblkid numbers from 5 on.
func TestBlkidTables(t *testing.T) {
	for name, want := range map[string]string{
		"atari-primary": "Atari partition table", "atari-xgm": "Atari partition table", "bsd": "BSD disklabel",
		"dasd-cdl": "DASD volume label", "dasd-ldl": "DASD volume label", "sgi": "SGI disklabel", "sun": "Sun disklabel",
		"gpt":     "GPT p1 34+2014 p2 2048+2048 p3 4096+2048 p4 6144+2048 p5 8192+2048",
		"dos+bsd": "MBR p1 32+7648 p2 7680+8704 p2e 7936+4864 p2f 12544+3584",
	} {
		f, err := os.Open(filepath.Join(blkidImages(t), name+".img"))
		if errors.Is(err, os.ErrNotExist) {
			continue // an archive that is older than the image
		}
		info, _ := f.Stat()
		d, err := Scan(f, info.Size(), geometry.Sector512)
		if err != nil {
			t.Fatal(err)
		}
		got := d.Table.String()
		for p := range d.Each() {
			got += fmt.Sprintf(" %s %d+%d", p.Ref(), p.Span.Start, p.Span.Len())
			for s := range d.Slices(p) {
				got += fmt.Sprintf(" %s %d+%d", s.Name, s.Span.Start, s.Span.Len())
			}
		}
		if got != want {
			t.Errorf("%s: %s", name, got)
		}
		_ = f.Close() // only read
	}
}

// blkidImage opens one of the images.
func blkidImage(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join(blkidImages(t), name+".img"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// spoil overwrites bytes of what a probe read of an image: the probes must keep their promises.
func spoil(t *testing.T, f *os.File, rng *rand.Rand) {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{r: f, n: info.Size(), seen: make(map[int64][]byte)}
	Probe(rec, 0, rec.n)
	for range 20 {
		p := pages{n: rec.n, data: make(map[int64][]byte)}
		for number, page := range rec.seen {
			page = bytes.Clone(page)
			for range rng.IntN(6) * min(len(page), 1) {
				page[min(rng.IntN(len(page)), rng.IntN(len(page)))] = byte(rng.IntN(256))
			}
			p.data[number] = page
		}
		probePromises(t, p)
	}
}

// scanWhole returns what is on an image without a partition table.
func scanWhole(t *testing.T, f *os.File) model.Filesystem {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Scan(f, info.Size(), geometry.SectorSize(512))
	if err != nil || d.Table.Kind != model.TableNone {
		t.Logf("%s: %v, a table of kind %v", filepath.Base(f.Name()), err, d.Table.Kind)
		return Probe(f, 0, info.Size())
	}
	return d.Whole
}
