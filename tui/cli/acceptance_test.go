package cli

import (
	"bytes"
	"fmt"
	"math/rand"
	"testing"

	"shunt/model/testneed"
)

// What partition editors are known to have got wrong, and the tests that would have found it:
//
//	moves by a sector, around a chunk and around    TestDistances here; on every kind of table TestMoves; each with a power
//	the length, both ways                           cut at every operation of the disk, txn.TestCrashEveryOp, "move … by"
//	killed at any time, then finished or rolled     TestKill; txn.TestCrashEveryOp, TestCrashRecovery, TestCrashUndo
//	back, compared by checksum
//	errors of reads, writes and syncs               txn.TestFaultEveryOp, TestFaultDuringRecovery, TestBadSector; a real bad
//	                                                sector TestBadSector; a full disk TestDeviceOnFullDisk
//	MBR: extended of type 85, chain out of order,   TestSurvive; in the model ops.TestExtendedEdges; with a power cut
//	first logical deleted, start of the extended,   txn.TestCrashEveryOp, "mbr, …"
//	past the own boot record, no boot code, second
//	extended, starts at sector 63
//	GPT: header of 512 bytes, 256 entries of 256,   TestSurvive; sectors of 4096 bytes TestMoves, TestBigSectors
//	BIOS boot from 34, grown by a sector and by
//	TiB, hybrid MBR, copies that differ, primary
//	broken; no other byte changes
//	file systems: checker, size, label, UUID,       TestMatrix; the boot sectors also fsys.TestMovedFAT, TestMovedExFAT
//	position in boot sectors and their backups
//	queues: random ones, every prefix valid;        ops.TestRandomQueues, TestRemoveAndReorder, TestRandomEdits
//	joined edits equal to separate ones

// TestDistances moves a partition by a sector, by about as much as is copied at once, and by about its length, both ways.
func TestDistances(t *testing.T) {
	const (
		sector, chunk = 512, 8 * mib // txn copies that much between two syncs where source and destination overlap
		length        = 20*mib + 3*sector
		at            = 40 * mib
	)
	tr := newTrial(t, 100, fmt.Sprintf(`printf "label: gpt\nstart=%d,size=%d\n" | sfdisk -q $IMG`, at/sector, length/sector))
	content := make([]byte, length)
	rand.New(rand.NewSource(testneed.Seed(t))).Read(content)
	poke(t, tr.image, at, content...)
	for _, distance := range []int64{sector, chunk - sector, chunk, chunk + sector, length - sector, length, length + sector} {
		for _, way := range []string{"left", "right"} {
			t.Run(fmt.Sprintf("%s by %d", way, distance), func(t *testing.T) {
				t.Parallel()
				start := at + distance
				if way == "left" {
					start = at - distance
				}
				v := tr.apply(t, people()[0], fmt.Sprintf("move 1 %s %ds", way, distance/sector), "--no-undo", "--align", "none")
				v.moved(t, map[int]place{1: {start, length}})
				if !bytes.Equal(rangeOf(t, v.copy, start, length), content) {
					t.Error("its content is not the same")
				}
				onlyTouched(t, tr.image, v.copy, append(tableSpans(t, v.copy), span{at, at + length}, span{start, start + length}))
			})
		}
	}
}
