package model

import (
	"strings"
	"testing"
)

// TestTypeTable reads types.txt row by row: none is lost, and every column holds what belongs there.
func TestTypeTable(t *testing.T) {
	rows := 0
	for line := range strings.Lines(typeTable) {
		columns := strings.Fields(line)
		if len(columns) == 0 || columns[0] == "#" {
			continue
		}
		if len(columns) < 5 || rows == len(types) {
			t.Fatalf("not a row: %q", line)
		}
		info := types[rows]
		rows++
		if info.mbr == "" && info.gpt == "" || info.mbr != "" && !mbrCode.MatchString(string(info.mbr)) ||
			info.gpt != "" && !gptCode.MatchString(string(info.gpt)) {
			t.Errorf("no codes: %q", line)
		}
		if lower, upper := strings.ToLower(string(info.mbr)), strings.ToUpper(string(info.gpt)); lower != string(info.mbr) || upper != string(info.gpt) {
			t.Errorf("not in the usual letter case: %q", line)
		}
		for word := range strings.SplitSeq(columns[3], ",") {
			if word != "-" && contents[word] == 0 {
				t.Errorf("unknown contents %q: %q", word, line)
			}
		}
	}
	if rows != len(types) {
		t.Errorf("%d rows, %d types", rows, len(types))
	}
}

// The type of a partition follows from what it holds. These are the types that sgdisk (-t) and sfdisk (-T) list for such contents.
func TestDefaultTypes(t *testing.T) {
	for kind, want := range map[FSKind][2]PartType{
		Swap: {"0x82", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"}, LVM2: {"0x8e", "E6D6D379-F507-44C2-A23C-238F2A3DF928"},
		RAID: {"0xfd", "A19D880F-05FC-4D3B-A006-743F0F84911E"}, LUKS: {"0x83", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"},
		XFS: {"0x83", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"}, Ext4: {"0x83", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"},
		FAT16: {"0x0e", basicData}, FAT32: {"0x0c", basicData}, ExFAT: {"0x07", basicData}, NTFS: {"0x07", basicData},
		BitLocker: {"0x07", basicData}, ReFS: {"0x07", basicData},
		HFSPlus: {"0xaf", "48465300-0000-11AA-AA11-00306543ECAC"}, APFS: {"0x83", "7C3457EF-0000-11AA-AA11-00306543ECAC"},
	} {
		for i, table := range []TableKind{TableMBR, TableGPT} {
			if got := DefaultType(table, Primary, kind); got != want[i] {
				t.Errorf("%s on %s: %s, want %s", kind, table, got, want[i])
			}
		}
	}
}
