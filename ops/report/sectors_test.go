package report_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/ops/internal/testdisk"
	"shunt/ops/report"
)

func TestSectorAt(t *testing.T) {
	t.Parallel()
	d := testdisk.Founding()
	two, _ := d.ByNumber(2)
	for text, want := range map[string]geometry.Sector{
		"0": 0, "63": 63, " 0x800 ": 2048, "1MiB": 2048, "1000B": 1, "2s": 2, "1,978": 1978, "12,345": 12345, "63s": 63, "p2": two.Span.Start, "end": d.Sectors - 1,
	} {
		if got, err := report.SectorAt(text, d); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "is no position", "p9": "there is no partition", "p": "there is no partition", "-1": "is not on the disk",
		"999999999999": "is not on the disk", "12x": "is no position", "100TiB": "is not on the disk", "99999999999999999999": "is no position",
		"1,97": "is no position", "1,5MiB": "is no position", "9,999,999": "sector 9,999,999 is not on the disk: the last one is 1,978,367",
	} {
		if _, err := report.SectorAt(text, d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
