package qcow2

import (
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// The conformance of this package is tested in thirteen groups. qemu-img and qemu-io are the judges.
//
//	group                                            tests
//	 1 header and extensions                         TestEdits (nothing else of the first cluster changes), TestVerdicts, FuzzHeader
//	 2 reading: packed, zero, chains, odd sizes      TestRead, TestReadChain, FuzzCompressed
//	 3 the walk finds what qemu-img check finds      TestWalkFaults, TestVerdicts, TestDirty, TestClusterUsedTwice
//	 4 random edits against a model of bytes         TestEdits, in which QEMU also writes to each result
//	 5 power cuts, and failures of writes and syncs  TestPowerCut, TestWriteErrors; ops/txn: TestCrashQcow2, TestFaultQcow2
//	 6 snapshots                                     TestSnapshots, TestEdits (QEMU goes back to one), TestBehindTheEnd
//	 7 backing files                                 TestEdits, TestReadChain; ops/target/registry: TestOverlays, TestWriterOfBase
//	 8 locks                                         ops/target/registry: TestHeldImages, TestQEMUKeptOffQcow2
//	 9 resizing                                      TestEdits, TestBehindTheEnd, TestBitmaps
//	10 moves                                         TestEdits, TestAgain (no data is copied)
//	11 compressed clusters are written               TestCreate
//	12 hostile images                                the fuzz targets, which limit memory too; TestVerdicts
//	13 commit after commit                           TestAgain (the file does not grow)

// TestAgain moves the same data to and fro. No data is copied, and after the second commit the file stays as long as it is.
func TestAgain(t *testing.T) {
	for _, options := range []string{"compat=1.1", "compat=0.10,cluster_size=4096", "compat=1.1,extended_l2=on"} {
		path := shape{options: options}.make(t, t.TempDir(), rand.New(rand.NewSource(testneed.Seed(t))), 4<<20)
		length := int64(0)
		for i := range 6 {
			d := newDraft(readAll(t, openImage(t, path)))
			const half = 2 << 20
			from, to := int64(i%2*half), int64((i+1)%2*half)
			copy(d.disk[to:], d.disk[from:from+half])
			clear(d.disk[from : from+half])
			d.set(target.Piece{Off: to, Len: half, Kind: target.Move, Src: from}, target.Piece{Off: from, Len: half, Kind: target.Empty})
			cost := d.commit(t, path)
			info, err := os.Stat(path)
			require(t, err)
			if cost.Copied > 0 || cost.Shown > 0 || cost.Remapped == 0 || i > 1 && info.Size() > length {
				t.Errorf("%s, commit %d: %+v; the file grew from %d to %d bytes", options, i, cost, length, info.Size())
			}
			length = info.Size()
		}
	}
}

// TestBehindTheEnd edits images that have clusters behind the end of the disk, as the state of a machine lies there. They
// stay while the size does, and never become content of the disk.
func TestBehindTheEnd(t *testing.T) {
	for _, options := range []string{"compat=0.10", "compat=1.1", "compat=1.1,cluster_size=4096", "compat=1.1,extended_l2=on"} {
		path := filepath.Join(t.TempDir(), "img")
		qemu(t, "qemu-img", "create", "-q", "-f", "qcow2", "-o", options, path, "2M")
		qemu(t, "qemu-io", "-f", "qcow2", "-c", "write -P 7 0 2M", path)
		file, err := os.ReadFile(path)
		require(t, err)
		const size = 1<<20 + 512*5
		be.PutUint64(file[24:], size)
		require(t, os.WriteFile(path, file, 0o600))
		qemuClean(t, path)

		d := newDraft(readAll(t, openImage(t, path)))
		clear(d.disk[:256<<10])
		d.set(target.Piece{Len: 256 << 10, Kind: target.Empty})
		d.commit(t, path)
		for _, now := range []int64{2 << 20, 700 << 10, 3 << 20} {
			d := newDraft(readAll(t, openImage(t, path)))
			d.resize(now)
			d.commit(t, path)
		}
	}
}
