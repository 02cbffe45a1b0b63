package inspect

import (
	"bytes"
	"math/rand"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
)

// TestLyingSuperblocks shows what lies in partitions whose superblocks hold anything, of every kind, also cut off. Nothing
// panics or takes much memory, and every text is fit for a terminal.
func TestLyingSuperblocks(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewSource(seed))
	d := model.Disk{SectorSize: geometry.Sector512, Sectors: 1 << 40, Table: model.Table{Kind: model.TableGPT}}
	for _, kind := range []model.FSKind{
		model.Ext2, model.Ext3, model.Ext4, model.XFS, model.Btrfs, model.FAT12, model.FAT16, model.FAT32, model.NTFS, model.ExFAT, model.Swap, "",
	} {
		for i := range 100 {
			b := make([]byte, 128<<10)
			switch i {
			case 0:
				b = bytes.Repeat([]byte{0xFF}, len(b))
			case 1:
				b = b[:600]
			default:
				rng.Read(b)
			}
			p := model.Partition{
				Number: 1, Span: geometry.SpanOf(geometry.Sector(rng.Int63n(3)), 1<<rng.Intn(40)), Name: string(b[:36]),
				FS: model.Filesystem{Kind: kind, Label: string(b[100:200]), Size: geometry.Bytes(rng.Int63()), Used: geometry.Bytes(rng.Int63()), BlockSize: 1 << 20},
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sheet := Partition(bytes.NewReader(b), d, p, "image\x1b[31m")
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
				t.Fatalf("%s: %d KiB allocated", kind, n>>10)
			}
			for _, text := range texts(sheet) {
				if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) }) || len(text) > 4096 {
					t.Fatalf("%s: %q", kind, text)
				}
			}
		}
	}
}

func texts(s report.Sheet) []string {
	list := []string{s.Title}
	for _, section := range s.Sections {
		list = append(list, section.Title)
		for _, line := range section.Lines {
			list = append(list, line.Name, line.Value)
		}
	}
	return list
}
