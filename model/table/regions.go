package table

import (
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

// Regions returns the bytes that hold the table of d: sector 0, every boot record, GPT headers and arrays. For a GPT it
// returns the present places and those after the next change of the table; they differ if the size of the disk has
// changed. Bytes of a partition are never included, unless it begins with sector 0. The ranges are sorted and do not
// touch. A disk without a table has none.
func Regions(r io.ReaderAt, d model.Disk) ([]Range, error) {
	if d.Table.Kind == model.TableNone || d.Sectors < 1 {
		return nil, nil
	}
	src, err := newSource(padded{r}, d.SectorSize, d.Sectors)
	if err != nil {
		return nil, tried.Errorf("find the partition table's sectors: %w", err)
	}
	list, err := regionsOf(src, d)
	if err != nil {
		return nil, tried.Errorf("find the partition table's sectors: %w", err)
	}
	spans := make([]geometry.Span, 0, len(list))
	parts := d.Partitions()
	for _, reg := range list {
		foreign := func(p model.Partition) bool {
			return p.Span.Overlaps(reg.span) && p.Role != model.Extended && p.Span.Start > 0
		}
		if src.contains(reg.span) && !slices.ContainsFunc(parts, foreign) {
			spans = append(spans, reg.span)
		}
	}
	var ranges []Range
	for _, run := range geometry.Gaps(d.Span(), geometry.Gaps(d.Span(), spans)) { // the gaps between the gaps are the union
		ranges = append(ranges, Range{Off: int64(src.z.Bytes(run.Start)), Len: int64(src.z.Bytes(run.Len()))})
	}
	return ranges, nil
}

func regionsOf(src source, d model.Disk) ([]region, error) {
	if d.Table.Kind == model.TableGPT {
		g, err := loadGPT(src)
		if err != nil {
			return nil, err
		}
		n, end := d.Table.ArraySectors(d.SectorSize), d.Sectors-1
		list := g.regions()
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
	records := []geometry.Sector{ext.Span.Start}
	for _, p := range d.Logicals() {
		records = append(records, p.EBR)
	}
	// The chain on the disk may contain empty records, which the model does not have.
	if chain, err := readChain(src, ext.Span, &report{}); err == nil {
		for _, e := range chain {
			records = append(records, e.at)
		}
	}
	for _, at := range records {
		list = append(list, region{"boot record", geometry.SpanOf(at, 1)})
	}
	return list, nil
}

// regions returns the structures of a GPT on its disk, in the order in which they are written.
func (g *gptDisk) regions() []region {
	var list []region
	for _, c := range g.copies() {
		if c.headerFault == nil {
			list = append(list, region{c.name + " GPT entries", c.header.arraySpan(g.z)})
		}
		if c.raw != nil {
			list = append(list, region{c.name + " GPT header", geometry.SpanOf(c.at, 1)})
		}
	}
	list = append(list, region{"protective MBR", geometry.SpanOf(0, 1)})
	return slices.DeleteFunc(list, func(r region) bool { return r.span.Start < 0 || r.span.End > g.sectors })
}

// verbatim returns the table exactly as it is on the disk.
func (g *gptDisk) verbatim() ([]Patch, error) {
	var patches []Patch
	for _, r := range g.regions() {
		data, err := g.run(r.span)
		if err != nil {
			return nil, err
		}
		patches = append(patches, g.patch(r.span.Start, data, r.what))
	}
	return patches, nil
}
