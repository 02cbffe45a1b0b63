package scan

import (
	"io"
	"os"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/oracle"
)

// TestMemberDisks puts the records of arrays on disks with a partition table: foreign ones, from the images that libblkid is
// tested with. Such a disk is left alone, unless the record is that of a partition.
func TestMemberDisks(t *testing.T) {
	const first = "printf 'start=2048,size=40960\n' | sfdisk -q $IMG; "
	for _, c := range []struct {
		image, make string
		want        model.Severity // -1 for no problem
	}{
		{"isw-raid", first, model.Fatal},
		{"ddf-raid", first, model.Fatal},
		{"nvidia-raid", first, model.Fatal},
		{"promise-raid", first, model.Fatal},
		{"via-raid", first, model.Fatal},
		{"jmicron-raid", first, model.Fatal},
		{"lsi-raid", first, model.Fatal},
		{"silicon-raid", first, model.Fatal},
		{"adaptec-raid", first, model.Fatal},
		{"hpt45x-raid", first, model.Fatal},
		{"isw-raid", "printf 'label: gpt\nsize=20M\n' | sfdisk -q $IMG; sgdisk -e $IMG", model.Fatal},
		{"isw-raid", "echo start=2048 | sfdisk -q $IMG", model.Fatal}, // the last partition ends at the record
		{"mdraid", first, model.Warning},                              // the record is that of a smaller disk
	} {
		t.Run(c.image, func(t *testing.T) {
			img := blkidImage(t, c.image)
			info, err := img.Stat()
			if err != nil {
				t.Fatal(err)
			}
			end := make([]byte, min(info.Size(), 256<<10))
			if _, err := img.ReadAt(end, info.Size()-int64(len(end))); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if end[0] != 0 && len(end) == int(info.Size()) {
				clear(end[:len(end)/2])
			}
			path := oracle.Image(t, 64, c.make)
			poke(64*mib-int64(len(end)), end)(t, path)
			wantProblem(t, path, c.want, "a record of ")
		})
	}
}

// wantProblem scans a disk of 64 MiB, whose worst problem has to be of this severity and to contain the words.
func wantProblem(t *testing.T, path string, severity model.Severity, words string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	d, err := Scan(f, 64*mib, geometry.Sector512)
	if err != nil {
		t.Fatal(err)
	}
	worst, text := model.Severity(-1), ""
	for _, p := range d.Problems() {
		if p.Severity > worst {
			worst, text = p.Severity, p.Text
		}
	}
	if worst != severity || !strings.Contains(text, words) {
		t.Errorf("severity %d: %s", worst, text)
	}
}
