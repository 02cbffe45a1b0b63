package table

import (
	"bytes"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
)

// Foreign returns the sectors that the patches change although they hold neither the table of d, nor a partition, nor zeros.
// Some boards have their boot loader in such sectors. A disk that one file system covers has none.
func Foreign(r io.ReaderAt, d model.Disk, patches []Patch) ([]geometry.Span, error) {
	if d.Table.Kind == model.TableNone && d.Whole.Known() || d.Sectors < 1 {
		return nil, nil
	}
	src, err := newSource(padded{r}, d.SectorSize, d.Sectors)
	if err != nil {
		return nil, tried.Errorf("look at what the table overwrites: %w", err)
	}
	g, err := loadGPT(src)
	if err != nil {
		return nil, tried.Errorf("look at what the table overwrites: %w", err)
	}
	known := []geometry.Span{geometry.SpanOf(0, 1)}
	for _, c := range g.copies() {
		if c.fault == nil {
			known = append(known, c.header.arraySpan(src.z))
		}
	}
	for p := range d.Each() {
		known = append(known, p.Span)
	}
	var list []geometry.Span
	for _, p := range patches {
		for i := 0; i < len(p.Data); i += int(src.z) {
			at := src.z.Down(geometry.Bytes(p.Off + int64(i)))
			if at >= d.Sectors || slices.ContainsFunc(known, func(s geometry.Span) bool { return s.Contains(at) }) {
				continue
			}
			held, err := src.sector(at)
			if err != nil {
				return nil, err
			}
			same := bytes.Equal(held, p.Data[i:i+int(src.z)])
			if same || string(held[:8]) == gptSignature || !slices.ContainsFunc(held, func(b byte) bool { return b != 0 }) {
				continue
			}
			if n := len(list); n > 0 && list[n-1].End == at {
				list[n-1].End++
			} else {
				list = append(list, geometry.SpanOf(at, 1))
			}
		}
	}
	return list, nil
}
