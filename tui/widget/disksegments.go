package widget

import (
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/tui/styles"
)

// DiskSegments returns the segments of a disk with the given rows for a bar; mark returns the mark of each row.
func DiskSegments(rows []model.Row, z geometry.SectorSize, mark func(model.Row) Mark, st *styles.Styles) []Segment {
	out := make([]Segment, 0, len(rows)+1) // and one for Beyond
	for i, r := range rows {
		extended := r.Kind == model.RowPartition && r.Partition.Role == model.Extended
		if extended && i+1 < len(rows) && rows[i+1].Nested {
			continue // its contents are shown, between marks
		}
		s := rowSegment(r, z, st)
		if r.Nested {
			s.Open = i == 0 || !rows[i-1].Nested
			s.Close = i+1 == len(rows) || !rows[i+1].Nested
		}
		s.Mark = mark(r)
		out = append(out, s)
	}
	return out
}

// Beyond returns the segment behind the end of a disk that has n sectors less than the disk of the other bar, so that both
// bars have the same scale. sign is "+" if the disk gains them, "-" if it has lost them.
func Beyond(n geometry.Sector, z geometry.SectorSize, sign string, st *styles.Styles) Segment {
	size := sign + geometry.FormatShort(z.Bytes(n))
	word := "image gains "
	if sign != "+" {
		word = "image loses "
	}
	return Segment{Weight: n, Used: -1, Shade: Blank, Style: st.Muted, Labels: []string{word + size[1:], size}}
}

func rowSegment(r model.Row, z geometry.SectorSize, st *styles.Styles) Segment {
	size := geometry.FormatShort(z.Bytes(r.Span.Len()))
	s := Segment{Row: r, Weight: r.Span.Len(), Used: -1, Shade: Shaded, Style: st.FS(r.FS.Kind)}
	kind := string(r.FS.Kind)
	switch r.Kind {
	case model.RowGap:
		s.Shade, s.Style = Blank, st.Unallocated
		s.Labels = []string{"free " + size, size}
		return s
	case model.RowRest:
		s.Shade, s.Style = Blank, st.Bad
		s.Labels = []string{"rest of " + r.Partition.Ref(), r.Partition.Ref() + "!", "!"}
		return s
	case model.RowWhole:
		if r.FS.Word() == model.BlankWord {
			s.Shade, s.Style = Blank, st.Unallocated
			s.Labels = []string{"blank " + size, size}
			return s
		}
		s.Labels = []string{strings.TrimSpace(kind + " " + size)}
	case model.RowPartition:
		ref := r.Partition.Ref()
		if r.Partition.Role == model.Extended {
			s.Style, kind = st.Extended, "extended"
		}
		s.Labels = []string{ref + " " + kind + " " + size, ref + " " + size, ref + " " + kind, ref}
		if kind == "" {
			s.Labels = []string{ref + " " + size, ref}
		}
	}
	if r.Kind == model.RowPartition && r.Partition.Role != model.Extended && r.FS.Word() == model.BlankWord {
		s.Used = 0
	}
	if length := z.Bytes(r.Span.Len()); r.FS.Used >= 0 && r.FS.Known() && length > 0 {
		s.Used = min(1, float64(r.FS.Used)/float64(length))
	}
	return s
}
