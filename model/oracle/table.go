package oracle

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// Table is a partition table according to sfdisk. FirstLBA and LastLBA are 0 for an MBR.
type Table struct {
	Label, ID         string
	FirstLBA, LastLBA int64
	SectorSize        int64
	Partitions        []Partition
}

// Partition is a partition according to sfdisk. Start and Size are in sectors, Off and Len in bytes.
type Partition struct {
	Node        string
	Number      int `json:"-"`
	Start, Size int64
	Off, Len    int64 `json:"-"`
	Type, UUID  string
	Name, Attrs string
	Bootable    bool
}

// SFDisk reads the table of an image or a device with sfdisk.
func SFDisk(t testing.TB, path string) Table {
	t.Helper()
	cmd := exec.Command(testneed.Tool(t, "sfdisk"), "--json", path)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sfdisk --json %s: %v", path, err)
	}
	var answer struct{ PartitionTable Table }
	if err := json.Unmarshal(out[max(0, bytes.IndexByte(out, '{')):], &answer); err != nil { // sfdisk may print remarks first
		t.Fatalf("sfdisk --json %s: %v\n%s", path, err, out)
	}
	table := answer.PartitionTable
	if table.SectorSize == 0 {
		table.SectorSize = 512
	}
	for i := range table.Partitions {
		p := &table.Partitions[i]
		if p.Number, err = strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(p.Node, path), "p")); err != nil {
			t.Fatalf("sfdisk names a partition %q", p.Node)
		}
		p.Off, p.Len = p.Start*table.SectorSize, p.Size*table.SectorSize
	}
	return table
}

// Part returns the partition with this number. The test ends if there is none.
func (table Table) Part(t testing.TB, number int) Partition {
	t.Helper()
	for _, p := range table.Partitions {
		if p.Number == number {
			return p
		}
	}
	t.Fatalf("sfdisk sees no partition %d", number)
	return Partition{}
}

// TableClean fails the test if sfdisk, parted or, for a GPT, sgdisk finds a fault in the table of an image.
func TableClean(t testing.TB, image string) {
	t.Helper()
	testneed.Tool(t, "sfdisk")
	if out := testneed.Shell(t, ".", "sfdisk --verify '"+image+"' 2>&1"); !strings.Contains(out, "No errors detected") {
		t.Errorf("sfdisk: %s", out)
	}
	if SFDisk(t, image).Label == "gpt" {
		SGDiskClean(t, image)
	}
	PartedClean(t, image)
}

// SGDiskClean fails the test if sgdisk finds a fault in either copy of a GPT.
func SGDiskClean(t testing.TB, path string) {
	t.Helper()
	testneed.Tool(t, "sgdisk")
	if out := testneed.Shell(t, ".", "sgdisk -v '"+path+"'"); !strings.Contains(out, "No problems found") {
		t.Errorf("sgdisk: %s", out)
	}
}

// PartedClean fails the test if parted, whose library GParted also uses, warns about a table.
func PartedClean(t testing.TB, path string) {
	t.Helper()
	testneed.Tool(t, "parted")
	out := testneed.Shell(t, ".", "parted -s '"+path+"' unit s print 2>&1 </dev/null")
	if strings.Contains(out, "Warning") || strings.Contains(out, "Error") {
		t.Errorf("parted: %s", out)
	}
}
