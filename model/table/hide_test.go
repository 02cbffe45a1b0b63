package table

import (
	"slices"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
)

func TestHide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		image  func(t testing.TB) image
		hide   []int
		remain []int
		writes int
	}{
		{"GPT", threeParts, []int{3}, []int{1, 7}, 4},
		{"GPT, all", threeParts, []int{1, 3, 7}, nil, 4},
		{"GPT that grew", func(t testing.TB) image {
			t.Helper()
			img := threeParts(t)
			img.truncate(100 * mib)
			return img
		}, []int{1, 7}, []int{3}, 4},
		{"GPT without a backup", func(t testing.TB) image {
			t.Helper()
			img := threeParts(t)
			img.write(64*mib-512, make([]byte, 512))
			return img
		}, []int{3}, []int{1, 7}, 2},
		{"GPT without a primary", func(t testing.TB) image {
			t.Helper()
			img := threeParts(t)
			img.write(512, make([]byte, 512))
			return img
		}, []int{3}, []int{1, 7}, 2},
		{"hybrid", func(t testing.TB) image {
			t.Helper()
			img := threeParts(t)
			img.sgdisk("-h", "3:7")
			return img
		}, []int{3}, []int{1, 7}, 5},
		{"MBR", stick, []int{2}, []int{1}, 1},
		{"a logical partition", chained, []int{6}, []int{1}, 1},
		{"a primary one", chained, []int{1}, []int{2, 5, 6, 7}, 1},
		{"an extended one and a primary", chained, []int{2, 1}, nil, 1},
		{"nothing", chained, nil, []int{1, 2, 5, 6, 7}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := c.image(t)
			d := img.read(s512)
			var ids []model.PartID
			for _, n := range c.hide {
				ids = append(ids, numbered(t, d, n).ID)
			}
			patches, err := Hide(img.open(), d, ids)
			if err != nil {
				t.Fatal(err)
			}
			if len(patches) != c.writes {
				t.Errorf("%d writes, want %d", len(patches), c.writes)
			}
			img.apply(patches)
			got := img.read(s512)
			var numbers []int
			for _, p := range got.Partitions() {
				numbers = append(numbers, p.Number)
				if diff := partitionDifference(d.Table.Kind, p, numbered(t, d, p.Number)); diff != "" {
					t.Errorf("%s: %s", p.Ref(), diff)
				}
			}
			if slices.Sort(numbers); !slices.Equal(numbers, c.remain) {
				t.Errorf("p%v remain, want %v", numbers, c.remain)
			}
			marked := slices.ContainsFunc(got.Problems(), func(p model.Problem) bool { return strings.Contains(p.Text, "interrupted") })
			if marked != (len(c.hide) > 0) || marked != (got.ReadOnly() != "") {
				t.Errorf("problems %+v", got.Problems())
			}
			if got.Table.ID != d.Table.ID || got.Table.Usable != d.Table.Usable {
				t.Errorf("table %+v, was %+v", got.Table, d.Table)
			}
		})
	}
	t.Run("no such partition", func(t *testing.T) {
		img := threeParts(t)
		if _, err := Hide(img.open(), img.read(s512), []model.PartID{99}); err == nil {
			t.Error("no error")
		}
	})
}

func TestRegions(t *testing.T) {
	t.Parallel()
	sector := func(at, n int64) Range { return Range{at * 512, n * 512} }
	for _, c := range []struct {
		name  string
		image func(t testing.TB) image
		want  []Range
	}{
		{"GPT", threeParts, []Range{sector(0, 34), sector(131072-33, 33)}},
		{"GPT that grew", func(t testing.TB) image {
			t.Helper()
			img := threeParts(t)
			img.truncate(100 * mib)
			return img
		}, []Range{sector(0, 34), sector(131072-33, 33), sector(204800-33, 33)}},
		{"GPT with its array at LBA 100", func(t testing.TB) image {
			t.Helper()
			img := newImage(t, 64*mib)
			img.sgdisk("-o", "-n1:2048:+8M")
			img.sgdisk("-j", "100")
			return img
		}, []Range{sector(0, 2), sector(100, 32), sector(131072-33, 33)}},
		{"GPT without a primary", func(t testing.TB) image {
			t.Helper()
			img := threeParts(t)
			img.write(512, make([]byte, 512))
			return img
		}, []Range{sector(0, 34), sector(131072-33, 33)}},
		{"MBR", stick, []Range{sector(0, 1)}},
		{"chain", chained, []Range{sector(0, 1), sector(43008, 1), sector(86016, 1), sector(129024, 1)}},
		{"blank", func(t testing.TB) image { t.Helper(); return newImage(t, mib) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img := c.image(t)
			d := img.read(s512)
			if got := mustRegions(t, img, d); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	t.Run("every patch lies in them", func(t *testing.T) {
		t.Parallel()
		for _, make := range []func(t testing.TB) image{threeParts, chained} {
			img := make(t)
			d := img.read(s512)
			after := d.WithSectors(d.Sectors + 5000)
			after = rechained(t, moved(t, after, 7, 3))
			before := mustRegions(t, img, d)
			patches := img.encode(d, after)
			all := append(before, mustRegions(t, img, after)...)
			for _, p := range patches {
				if !slices.ContainsFunc(all, func(r Range) bool {
					return p.Off >= r.Off && p.Off+int64(len(p.Data)) <= r.Off+r.Len
				}) {
					t.Errorf("%s at byte %d is in none of %v", p.What, p.Off, all)
				}
			}
		}
	})
}

// TestHideLogicals hides logical partitions beside one that is in use: that keeps its number and its place, also for sfdisk, and
// the others are gone or a sector long. Each write is one sector, and after each of them that holds.
func TestHideLogicals(t *testing.T) {
	for busy := 5; busy <= 7; busy++ {
		img := newImage(t, fuzzSectors*512)
		img.write(0, smallMBR(t))
		d := img.read(s512)
		d = d.InUse(map[int]model.Use{busy: {Kind: model.Mounted, Place: "/mnt"}})
		was := numbered(t, d, busy)
		var ids []model.PartID
		for _, p := range d.Logicals() {
			if p.Number != busy {
				ids = append(ids, p.ID)
			}
		}
		r := img.open()
		whole, err := Hidden(r, d, ids)
		if err != nil {
			t.Fatal(err)
		}
		patches, err := Hide(r, d, ids)
		if err != nil || len(patches) == 0 || len(whole) < len(patches) {
			t.Fatalf("%d of %d patches, %v", len(patches), len(whole), err)
		}
		for _, p := range patches {
			if len(p.Data) != 512 || p.Off == 0 {
				t.Errorf("p%d in use: %s of %d bytes at %d", busy, p.What, len(p.Data), p.Off)
			}
			img.apply([]Patch{p})
			if is := numbered(t, img.read(s512), busy); is.Span != was.Span {
				t.Errorf("p%d in use is %v and was %v", busy, is.Span, was.Span)
			}
		}
		after := img.read(s512)
		for _, p := range after.Logicals() {
			if p.Number != busy && p.Span.Len() != 1 {
				t.Errorf("p%d in use: %s can be seen at %v", busy, p.Ref(), p.Span)
			}
		}
		if testneed.Has(t, "sfdisk") {
			sfdiskAgrees(t, img.path, after)
		}
	}
}
