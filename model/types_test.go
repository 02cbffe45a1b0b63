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
