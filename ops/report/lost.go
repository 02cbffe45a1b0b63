package report

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// Lost is a partition that the table does not list. All texts are printable.
type Lost struct {
	Name    string         `json:"name"` // "lost1", as commands take it
	Start   int64          `json:"start"`
	Sectors int64          `json:"sectors"`
	Size    geometry.Bytes `json:"size"`
	Kind    string         `json:"filesystem"`
	Label   string         `json:"label"`
	UUID    string         `json:"uuid"`
	Trust   string         `json:"trust"` // "sure", "likely", "doubtful"
	Why     []string       `json:"why"`
	Inside  string         `json:"inside"` // the lost partition that it lies in, or ""
	Returns bool           `json:"returns"`
	Type    string         `json:"type"` // in an old table, or ""
	Table   string         `json:"table"`
}

// LostOf describes lost partitions on d.
func LostOf(d model.Disk, found []model.Lost) []Lost {
	list := make([]Lost, 0, len(found))
	for i, l := range found {
		one := Lost{
			Name: fmt.Sprint("lost", i+1), Start: int64(l.Span.Start), Sectors: int64(l.Span.Len()),
			Size: d.SectorSize.Bytes(l.Span.Len()), Kind: l.FS.Word(), Label: l.FS.Label, UUID: l.FS.UUID, Trust: l.Trust.String(),
			Why: LostWhy(l), Returns: l.Returns(), Type: string(l.Entry.Type),
		}
		if l.Inside > 0 {
			one.Inside = fmt.Sprint("lost", l.Inside)
		}
		if l.Listed != model.TableNone {
			one.Table = l.Listed.String()
		}
		list = append(list, one)
	}
	return list
}

// LostWhy says what speaks for a find and against it, and why it does not return, if it does not.
func LostWhy(l model.Lost) []string {
	why := slices.Clone(l.Why)
	if l.Inside > 0 {
		why = append(why, fmt.Sprintf("it lies in lost%d: a file there, or what is left of older contents", l.Inside))
	}
	if !l.Stays.OK() {
		why = append(why, string(l.Stays))
	}
	return why
}
