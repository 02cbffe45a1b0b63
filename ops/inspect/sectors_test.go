package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// What foreign programs make is found where they say that it is, and named.
func TestSectorsAreNamed(t *testing.T) {
	for _, tool := range []string{"sfdisk", "mkfs.ext4", "mkfs.vfat", "mkswap"} {
		testneed.Tool(t, tool)
	}
	for _, c := range []struct {
		name, script string
		sector       int
		want         map[string]string // by sfdisk's or by sector number
	}{
		{
			"gpt", "printf 'label: gpt\n2048,10M\n,10M\n' | sfdisk -q --no-tell-kernel $i; mkfs.ext4 -q -E offset=1048576 $i 10M", 512,
			map[string]string{
				"0": "protective MBR, outside of all partitions", "1": "GPT header, outside of all partitions",
				"2": "GPT entries (1 of 32), outside of all partitions", "33": "GPT entries (32 of 32), outside of all partitions",
				"34": "outside of all partitions", "2048": "1 of 20,480 in p1", "2050": "superblock of ext4 (1 of 2), 3 of 20,480 in p1",
				"2051": "superblock of ext4 (2 of 2), 4 of 20,480 in p1", "131071": "backup GPT header, outside of all partitions",
				"131039": "backup GPT entries (1 of 32), outside of all partitions", "131038": "outside of all partitions",
			},
		},
		{
			"mbr", "printf 'label: dos\n63,10M\n,,E\n,4M,b\n,4M,S\n' | sfdisk -q --no-tell-kernel $i", 512,
			map[string]string{"0": "MBR, outside of all partitions", "1": "outside of all partitions", "63": "1 of 20,417 in p1"},
		},
		{
			"fat", "mkfs.vfat -F 32 $i >/dev/null", 512,
			map[string]string{"0": "boot sector of fat32, 1 of 131,072", "1": "2 of 131,072", "131071": "131,072 of 131,072"},
		},
		{"swap of 4096", "mkswap -q $i", 4096, map[string]string{"0": "header of swap, 1 of 16,384", "1": "2 of 16,384"}},
	} {
		path := image(t, 64, c.script)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := scan.Scan(f, 64<<20, geometry.SectorSize(c.sector))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if c.name == "mbr" { // where the chain is, by its signature
			for p := range d.Each() {
				if p.EBR > 0 {
					c.want[strconv.Itoa(int(p.EBR))] = fmt.Sprintf("EBR of p%d, ", p.Number)
					if !bytes.Equal(raw[p.EBR*512+510:p.EBR*512+512], []byte{0x55, 0xaa}) {
						t.Errorf("p%d: there is no EBR at %d", p.Number, p.EBR)
					}
				}
			}
		}
		for at, want := range c.want {
			n, _ := strconv.Atoi(at)
			list := Sectors(f, d, geometry.Sector(n), 1)
			if len(list) != 1 || !strings.HasPrefix(list[0].Means, want) || strings.HasSuffix(want, "s") && list[0].Means != want ||
				!bytes.Equal(list[0].Data, raw[n*c.sector:(n+1)*c.sector]) {
				t.Errorf("%s: sector %s is %q, want %q", c.name, at, list[0].Means, want)
			}
		}
		if n := len(Sectors(f, d, d.Sectors-3, 100)); n != 3 {
			t.Errorf("%s: %d sectors at the end", c.name, n)
		}
		if list := slices.Concat(Sectors(f, d, d.Sectors, 1), Sectors(f, d, -1, 1), Sectors(f, d, 0, 0)); len(list) > 0 {
			t.Errorf("%s: %v", c.name, list)
		}
		_ = f.Close()
	}
}

// holed cannot read one sector.
type holed struct{ *bytes.Reader }

func (h holed) ReadAt(p []byte, off int64) (int, error) {
	if off <= 3*512 && off+int64(len(p)) > 3*512 {
		return 0, errors.New("input/output error\x1b")
	}
	return h.Reader.ReadAt(p, off)
}

// A sector that cannot be read is named; those around it are shown.
func TestSectorsBesideABadOne(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte{7}, 1<<20)
	d, err := scan.Scan(bytes.NewReader(data), 1<<20, 512)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range Sectors(holed{bytes.NewReader(data)}, d, 0, 6) {
		if bad := i == 3; bad != (s.Err != "") || bad != (s.Data == nil) || strings.Contains(s.Err, "\x1b") {
			t.Errorf("%d: %+v", i, s)
		}
	}
}

// The rows are those of xxd, but for the blanks.
func TestHexRows(t *testing.T) {
	testneed.Tool(t, "od")
	path := filepath.Join(t.TempDir(), "f")
	data := make([]byte, 300)
	for i := range data {
		data[i] = byte(i * 7)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(sh(t, ".", "od -v -A x -t x1z --width=16 '"+path+"'"), "\n")
	for i, row := range report.Hex(data, 16) {
		bytes, chars, _ := strings.Cut(row[9:], "  ")
		od := strings.Fields(strings.Split(rows[i], ">")[0])
		if got := strings.Fields(bytes); !slices.Equal(got, od[1:]) || "00"+od[0] != row[:8] {
			t.Errorf("%q is not %q", row, rows[i])
		}
		if _, shown, _ := strings.Cut(rows[i], ">"); strings.TrimLeft(chars, " ") != strings.TrimLeft(strings.TrimSuffix(shown, "<"), " ") {
			t.Errorf("%q is not %q", chars, shown)
		}
	}
}
