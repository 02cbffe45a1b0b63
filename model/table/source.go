package table

import (
	"errors"
	"fmt"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
)

// source reads whole sectors of a disk.
type source struct {
	r       io.ReaderAt
	z       geometry.SectorSize
	sectors geometry.Sector
	first   []byte // sector 0
}

// newSource returns a source with at least one sector.
func newSource(r io.ReaderAt, z geometry.SectorSize, sectors geometry.Sector) (source, error) {
	s := source{r: r, z: z, sectors: sectors}
	var err error
	s.first, err = s.sector(0)
	return s, err
}

// holding returns a source for a disk that must hold the table of d.
func holding(r io.ReaderAt, d model.Disk) (source, error) {
	held, err := Read(r, int64(d.Size()), d.SectorSize)
	if err != nil {
		return source{}, err
	}
	if diff := difference(held, d); diff != "" {
		return source{}, fmt.Errorf("the disk does not hold the table that was scanned: %s", diff)
	}
	return newSource(r, d.SectorSize, d.Sectors)
}

// sector reads one sector, which must be inside the disk.
func (s source) sector(at geometry.Sector) ([]byte, error) { return s.run(geometry.SpanOf(at, 1)) }

// run reads several sectors. The caller must have checked that they are inside the disk and few.
func (s source) run(span geometry.Span) ([]byte, error) {
	b := make([]byte, s.z.Bytes(span.Len()))
	got, err := s.r.ReadAt(b, int64(s.z.Bytes(span.Start)))
	if got == len(b) {
		return b, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, tried.Errorf("read sector %s: %w", span.Start, err)
}

// contains reports whether the sectors are inside the disk.
func (s source) contains(span geometry.Span) bool {
	return span.Start >= 0 && span.End <= s.sectors && !span.Empty()
}

// patch returns a write of whole sectors that begins at the sector at.
func (s source) patch(at geometry.Sector, data []byte, what string) Patch {
	return Patch{Off: int64(s.z.Bytes(at)), Data: data, What: what}
}

// padded reads zeros behind the end of r, like a disk that has grown.
type padded struct{ r io.ReaderAt }

func (p padded) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.r.ReadAt(b, off)
	if n == len(b) {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		clear(b[n:])
		return len(b), nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// patched reads r as it will be after the patches are written.
type patched struct {
	r       io.ReaderAt
	patches []Patch
}

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.r.ReadAt(b, off)
	if n < len(b) {
		return n, err
	}
	for _, patch := range p.patches {
		from, to := max(off, patch.Off), min(off+int64(len(b)), patch.Off+int64(len(patch.Data)))
		if from < to {
			copy(b[from-off:to-off], patch.Data[from-patch.Off:])
		}
	}
	return n, nil
}
