package table

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	"shunt/geometry"
)

// gptCopy is one of the two copies of a GPT as it was read.
type gptCopy struct {
	name   string // "primary" or "backup"
	at     geometry.Sector
	raw    []byte // the header's sector; nil if the disk has no such sector
	header gptHeader
	// headerFault says what is wrong with the header. fault says why the whole copy cannot be used.
	headerFault, fault error
	array              []byte // the entries, without the rest of their last sector
}

// gptDisk holds all GPT structures of a disk.
type gptDisk struct {
	source
	primary, backup gptCopy
	// otherSize is the sector size for which the disk's GPT was made, if that is another one, else 0.
	otherSize geometry.SectorSize
	// startIsBlank says that only the backup is whole and the first MiB is otherwise empty.
	startIsBlank bool
}

// copies returns both copies in the order in which they are written.
func (g *gptDisk) copies() []gptCopy { return []gptCopy{g.backup, g.primary} }

// loadGPT reads both copies. The specification puts the backup in the last sector, but a disk may have grown or been cut
// off. So loadGPT looks where the primary says, in the last sector, and where the disk ended when sector 0 was written.
func loadGPT(src source) (g gptDisk, err error) {
	g.source = src
	if g.primary, err = readCopy(src, "primary", 1); err != nil {
		return g, err
	}
	for i, at := range backupPlaces(g.primary, src) {
		c, err := readCopy(src, "backup", at)
		if err != nil {
			return g, err
		}
		if i == 0 || c.fault == nil {
			g.backup = c
		}
		if c.fault == nil {
			break
		}
	}
	if g.primary.fault == nil {
		return g, nil
	}
	if g.backup.fault == nil {
		head, err := src.run(geometry.Span{End: min(src.sectors, geometry.AlignMiB.Grain(src.z), g.backup.header.First)})
		g.startIsBlank = err == nil && len(bytes.Trim(head, "\x00")) == 0
		return g, err
	}
	g.otherSize, err = otherSectorSize(src)
	return g, err
}

// otherSectorSize looks for a GPT of the other sector size and returns that size, or 0 if there is none.
func otherSectorSize(src source) (geometry.SectorSize, error) {
	other := geometry.Sector4096
	if src.z == geometry.Sector4096 {
		other = geometry.Sector512
	}
	there := source{r: src.r, z: other, sectors: other.Down(src.z.Bytes(src.sectors))}
	if there.sectors < 2 {
		return 0, nil
	}
	raw, err := there.sector(1)
	if err != nil {
		return 0, err
	}
	if _, fault := parseGPTHeader(raw, 1); fault != nil {
		return 0, nil
	}
	return other, nil
}

// backupPlaces returns the sectors in which the backup header may be, the likeliest first. There is at least one.
func backupPlaces(primary gptCopy, src source) []geometry.Sector {
	places := make([]geometry.Sector, 0, 3)
	if primary.headerFault == nil {
		places = append(places, primary.header.Other)
	}
	places = append(places, src.sectors-1)
	for _, e := range slots(src.first) {
		if e.protective() {
			places = append(places, e.span(0).End-1)
		}
	}
	return places
}

// readCopy reads the header at LBA at and the entry array that the header names. Their faults are in the copy. The error
// is only for sectors that cannot be read.
func readCopy(src source, name string, at geometry.Sector) (gptCopy, error) {
	c := gptCopy{name: name, at: at}
	fail := func(fault error) (gptCopy, error) {
		c.headerFault, c.fault = fault, fault
		return c, nil
	}
	if at < 1 || at >= src.sectors {
		return fail(errors.New("it is beyond the end of the disk"))
	}
	var err error
	if c.raw, err = src.sector(at); err != nil {
		return c, err
	}
	h, fault := parseGPTHeader(c.raw, at)
	if fault != nil {
		return fail(fault)
	}
	c.header = h
	span := h.arraySpan(src.z)
	switch {
	case !src.contains(span):
		c.fault = fmt.Errorf("its entry array at LBA %s is beyond the end of the disk", h.Array)
		return c, nil
	case span.Contains(0) || span.Contains(at):
		c.fault = fmt.Errorf("its entry array at LBA %s covers the header", h.Array)
		return c, nil
	}
	array, err := src.run(span)
	if err != nil {
		return c, err
	}
	c.array = array[:h.arrayBytes()]
	if crc32.ChecksumIEEE(c.array) != h.ArraySum {
		c.fault = fmt.Errorf("checksum of its entry array at LBA %s does not match", h.Array)
	}
	return c, nil
}

// chosen returns the copy that is used, or nil if neither is whole.
func (g *gptDisk) chosen() *gptCopy {
	for _, c := range []*gptCopy{&g.primary, &g.backup} {
		if c.fault == nil {
			return c
		}
	}
	return nil
}

// backupPlace returns the sector of the backup header according to the chosen copy.
func (g *gptDisk) backupPlace() geometry.Sector {
	if c := g.chosen(); c == &g.primary {
		return c.header.Other
	}
	return g.backup.at
}

// displaced reports whether the backup is not in the last sector. The next write moves it there.
func (g *gptDisk) displaced() bool { return g.backupPlace() != g.sectors-1 }

// primaryArray returns the position of the primary copy's entries, or their future position if the copy must be rebuilt.
func (g *gptDisk) primaryArray() (geometry.Sector, error) {
	if g.primary.headerFault == nil {
		return g.primary.header.Array, nil
	}
	// The header is gone but its array may still be there. The checksum in the backup identifies it.
	h := g.backup.header
	n := h.arraySectors(g.z)
	for _, at := range []geometry.Sector{2, h.First - n} {
		span := geometry.SpanOf(at, n)
		if at < 2 || !g.contains(span) {
			continue
		}
		b, err := g.run(span)
		if err != nil {
			return 0, err
		}
		if crc32.ChecksumIEEE(b[:h.arrayBytes()]) == h.ArraySum {
			return at, nil
		}
	}
	return 2, nil
}

// same reports whether both copies have the same contents.
func (g *gptDisk) same() bool {
	p, b := g.primary.header, g.backup.header
	return p.Disk == b.Disk && p.First == b.First && p.Last == b.Last && p.Count == b.Count &&
		p.EntrySize == b.EntrySize && bytes.Equal(g.primary.array, g.backup.array)
}
