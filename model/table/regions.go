package table

import (
	"cmp"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
)

// region is one structure of a table.
type region struct {
	what string
	span geometry.Span
}

// Regions lists the bytes that hold the table of d: sector 0, every EBR, GPT headers and arrays. For a GPT
// they are where r has them, and where the next change of the table puts them, as the two differ on a disk
// whose size changed. Nothing that belongs to a partition of d is among them. They are sorted and do not
// touch; a disk without a table has none.
func Regions(r io.ReaderAt, d model.Disk) ([]Range, error) {
	src := source{r: padded{r}, z: d.SectorSize, sectors: d.Sectors}
	list, err := regionsOf(src, d)
	if err != nil {
		return nil, tried.Errorf("find the partition table's sectors: %w", err)
	}
	spans := make([]geometry.Span, 0, len(list))
	parts := d.Partitions()
	for _, reg := range list {
		foreign := func(p model.Partition) bool {
			return p.Span.Overlaps(reg.span) && (p.Role != model.Extended)
		}
		if src.contains(reg.span) && !slices.ContainsFunc(parts, foreign) {
			spans = append(spans, reg.span)
		}
	}
	slices.SortFunc(spans, func(a, b geometry.Span) int { return cmp.Compare(a.Start, b.Start) })
	var ranges []Range
	for i := 0; i < len(spans); {
		run := spans[i]
		for i++; i < len(spans) && spans[i].Start <= run.End; i++ {
			run.End = max(run.End, spans[i].End)
		}
		ranges = append(ranges, Range{Off: int64(src.z.Bytes(run.Start)), Len: int64(src.z.Bytes(run.Len()))})
	}
	return ranges, nil
}

func regionsOf(src source, d model.Disk) ([]region, error) {
	if d.Table.Kind == model.TableNone || d.Sectors < 1 {
		return nil, nil
	}
	first, err := src.sector(0)
	if err != nil {
		return nil, err
	}
	if d.Table.Kind == model.TableGPT {
		g, err := loadGPT(src, first)
		if err != nil {
			return nil, err
		}
		n, end := arrayOf(d.Table, d.SectorSize), d.Sectors-1
		list := gptRegions(g)
		if g.primary.headerFault != nil {
			list = append(list, region{"primary GPT header and entries", geometry.SpanOf(1, 1+n)})
		}
		return append(list,
			region{"backup GPT entries", geometry.SpanOf(end-n, n)},
			region{"backup GPT header", geometry.SpanOf(end, 1)}), nil
	}
	list := []region{{"MBR", geometry.SpanOf(0, 1)}}
	ext, ok := d.Extended()
	if !ok {
		return list, nil
	}
	for _, p := range d.Logicals() {
		list = append(list, region{"boot record", geometry.SpanOf(p.EBR, 1)})
	}
	list = append(list, region{"boot record", geometry.SpanOf(ext.Span.Start, 1)})
	// The chain on the disk may go through empty records of which the model does not tell.
	if chain, err := readChain(src, ext.Span, &report{}); err == nil {
		for _, e := range chain {
			list = append(list, region{"boot record", geometry.SpanOf(e.at, 1)})
		}
	}
	return list, nil
}

// gptRegions lists the structures a GPT has on its disk, in the order in which they are written.
func gptRegions(g gptDisk) []region {
	var list []region
	for _, c := range []struct {
		name string
		gptCopy
	}{{"backup", g.backup}, {"primary", g.primary}} {
		if c.headerFault == nil {
			list = append(list, region{c.name + " GPT entries", c.header.arraySpan(g.z)})
		}
		if c.raw != nil {
			list = append(list, region{c.name + " GPT header", geometry.SpanOf(c.at, 1)})
		}
	}
	list = append(list, region{"protective MBR", geometry.SpanOf(0, 1)})
	return slices.DeleteFunc(list, func(r region) bool {
		return r.span.Start < 0 || r.span.End > g.sectors
	})
}

// verbatim is what the regions hold.
func verbatim(src source, list []region) ([]Patch, error) {
	patches := make([]Patch, 0, len(list))
	for _, r := range list {
		data, err := src.run(r.span.Start, r.span.Len())
		if err != nil {
			return nil, err
		}
		patches = append(patches, Patch{Off: int64(src.z.Bytes(r.span.Start)), Data: data, What: r.what})
	}
	return patches, nil
}
