package scan

import (
	"encoding/binary"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// A spare is a second copy of a superblock, for a kind that is not recognised once the first one is destroyed.
type spare struct {
	kind   model.FSKind
	at     func(n int64) []int64 // where copies can lie in n bytes
	magics magics
	// sure reports whether it is no chance hit. It may be nil.
	sure func(b []byte) bool
}

func always(at ...int64) func(int64) []int64 { return func(int64) []int64 { return at } }

// fromEnd returns the last sectors, of 512 and of 4096 bytes.
func fromEnd(n int64) []int64 { return []int64{n/512*512 - 512, n/4096*4096 - 4096} }

// spares are in the order in which they are looked for. Sources: the documentation of ext4, btrfs and XFS in the kernel;
// Microsoft's specifications of FAT and exFAT; ntfs-3g for NTFS.
var spares = []spare{
	// Group 1, for blocks of 1, 2 and 4 KiB. It begins with a superblock that has its number.
	{model.Ext4, always(8193<<10, 16384<<11, 32768<<12), magics{{0x38, "\x53\xEF"}}, func(b []byte) bool {
		return binary.LittleEndian.Uint16(b[0x5A:]) == 1
	}},
	{model.Btrfs, always(64<<20, 256<<30), magics{{64, "_BHRfS_M"}}, nil},
	// mkfs.xfs makes four groups of most file systems.
	{model.XFS, func(n int64) []int64 { return []int64{(n/4 + 4095) / 4096 * 4096, n / 4 / 4096 * 4096} }, magics{{0, "XFSB"}}, nil},
	{model.FAT32, always(6*512, 6*4096), magics{{82, "FAT32   "}}, nil},
	{model.ExFAT, always(12*512, 12*4096), magics{{3, "EXFAT   "}}, nil},
	{model.NTFS, fromEnd, magics{{3, "NTFS    "}}, nil},
}

// backup says which file system may have been in a window where nothing is recognised, or returns "".
func backup(w *window) string {
	for _, s := range spares {
		for _, at := range s.at(w.n) {
			if at <= 0 || at+512 > w.n {
				continue
			}
			b := w.at(at, 512)
			if b != nil && s.magics.in(b) && (s.sure == nil || s.sure(b)) {
				return fmt.Sprintf("perhaps it was %s: a copy of its superblock lies %s behind its start, and its own tools may restore it",
					s.kind, geometry.FormatBytes(geometry.Bytes(at)))
			}
		}
	}
	return ""
}
