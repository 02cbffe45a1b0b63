package cli

import (
	"bytes"
	"fmt"
	"math/rand"
	"path/filepath"
	"testing"

	"shunt/model/oracle"
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
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "sgdisk")
	const (
		sector, chunk = 512, 8 * mib // txn copies that much between two syncs where source and destination overlap
		length        = 20*mib + 3*sector
		at            = 40 * mib
	)
	dir := t.TempDir()
	original := filepath.Join(dir, "disk.raw")
	sh(t, dir, fmt.Sprintf(`truncate -s 100M disk.raw; printf "label: gpt\nstart=%d,size=%d\n" | sfdisk -q disk.raw`, at/sector, length/sector))
	content := make([]byte, length)
	rand.New(rand.NewSource(testneed.Seed(t))).Read(content)
	poke(t, original, at, content...)
	for _, distance := range []int64{sector, chunk - sector, chunk, chunk + sector, length - sector, length, length + sector} {
		for _, way := range []string{"left", "right"} {
			t.Run(fmt.Sprintf("%s by %d", way, distance), func(t *testing.T) {
				t.Parallel()
				image := filepath.Join(t.TempDir(), "disk.raw")
				cutOut(t, original, image, 0, 100*mib)
				plan := write(t, fmt.Sprintf("move 1 %s %ds\n", way, distance/sector))
				people()[0].run(t, "apply", "--yes", "--no-undo", "--align", "none", image, plan).want(t, 0, "Done")
				start := at + distance
				if way == "left" {
					start = at - distance
				}
				if p := oracle.SFDisk(t, image).Part(t, 1); p.Off != start || p.Len != length {
					t.Fatalf("it lies at %d+%d, want %d+%d", p.Off, p.Len, start, length)
				}
				if !bytes.Equal(rangeOf(t, image, start, length), content) {
					t.Error("its content is not the same")
				}
				onlyTouched(t, original, image, append(tableSpans(t, image), span{at, at + length}, span{start, start + length}))
			})
		}
	}
}
