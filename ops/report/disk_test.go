package report

import (
	"strings"
	"testing"

	"shunt/geometry"
)

func TestAlignment(t *testing.T) {
	for _, c := range []struct {
		start geometry.Sector
		z     geometry.SectorSize
		look  Attention
		word  string
	}{
		{2048, 512, Plain, "whole MiB"},
		{2047, 512, Odd, "not on a multiple of 4 KiB"},
		{2056, 512, Plain, "multiple of 4.00 KiB"},
		{63, 512, Odd, "not on a multiple of 4 KiB"},
		{1024, 512, Plain, "multiple of 512 KiB"},
		{255, 4096, Plain, "multiple of 4.00 KiB"},
		{256, 4096, Plain, "whole MiB"},
	} {
		if text, look := alignment(c.start, c.z); look != c.look || !strings.HasPrefix(text, c.word) {
			t.Errorf("%d of %d bytes: %q, %q", c.start, c.z, text, look)
		}
	}
}
