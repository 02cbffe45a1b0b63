package table

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	"shunt/geometry"
)

// gptCopy is one of the two copies of a GPT as it was found.
type gptCopy struct {
	at     geometry.Sector
	raw    []byte // the header's sector, nil if there is no such sector
	header gptHeader
	// headerFault is what is wrong with the header, fault what keeps the copy as a whole from being used.
	headerFault, fault error
	array              []byte // the entries, without what follows them in their last sector
}

// gptDisk is everything GPT on a disk.
type gptDisk struct {
	z               geometry.SectorSize
	sectors         geometry.Sector
	primary, backup gptCopy
	// otherSize is the sector size at which the disk does have a GPT, 0 unless this one has none.
	otherSize geometry.SectorSize
	// startIsBlank says that only the backup is whole and that nothing else lies in the first MiB.
	startIsBlank bool
}

// loadGPT reads both copies. The backup is looked for where the primary says, in the last sector, and where
// the disk ended when sector 0 was written: a disk that has grown, or was cut off, has it elsewhere than
// the specification says.
func loadGPT(src source, first []byte) (gptDisk, error) {
	g := gptDisk{z: src.z, sectors: src.sectors}
	var err error
	if g.primary, err = readCopy(src, 1); err != nil {
		return g, err
	}
	for i, at := range backupPlaces(g.primary, first, src.sectors) {
		c, err := readCopy(src, at)
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
		head, err := src.run(0, min(src.sectors, geometry.AlignMiB.Grain(src.z), g.backup.header.first))
		g.startIsBlank = err == nil && len(bytes.Trim(head, "\x00")) == 0
		return g, err
	}
	size, there, err := otherSectorSize(src)
	if there {
		g.otherSize = size
	}
	return g, err
}

// backupPlaces lists the sectors in which the backup header may be, the likeliest first; never none.
func backupPlaces(primary gptCopy, first []byte, sectors geometry.Sector) []geometry.Sector {
	places := make([]geometry.Sector, 0, 3)
	if primary.headerFault == nil {
		places = append(places, primary.header.other)
	}
	places = append(places, sectors-1)
	for i := range mbrSlots {
		if e := parseMBREntry(slotOf(first, i)); e.protective() {
			places = append(places, e.span(0).End-1)
		}
	}
	return places
}

// readCopy reads the header at LBA at and the array it names. What is wrong with them is in the copy; the
// error is for sectors that could not be read.
func readCopy(src source, at geometry.Sector) (gptCopy, error) {
	c := gptCopy{at: at}
	fail := func(fault error) (gptCopy, error) {
		c.headerFault, c.fault = fault, fault
		return c, nil
	}
	if at < 1 || at >= src.sectors {
		return fail(errors.New("it lies beyond the end of the disk"))
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
		c.fault = fmt.Errorf("its entry array at LBA %d lies beyond the end of the disk", h.array)
		return c, nil
	case span.Contains(0) || span.Contains(at):
		c.fault = fmt.Errorf("its entry array at LBA %d lies over the header", h.array)
		return c, nil
	}
	array, err := src.run(span.Start, span.Len())
	if err != nil {
		return c, err
	}
	c.array = array[:h.count*h.entrySize]
	if crc32.ChecksumIEEE(c.array) != h.arrayCRC {
		c.fault = fmt.Errorf("checksum of its entry array at LBA %d does not match", h.array)
	}
	return c, nil
}

// chosen is the copy that counts, nil if neither is whole.
func (g *gptDisk) chosen() *gptCopy {
	switch {
	case g.primary.fault == nil:
		return &g.primary
	case g.backup.fault == nil:
		return &g.backup
	}
	return nil
}

// backupPlace is where the chosen copy has the backup header.
func (g *gptDisk) backupPlace() geometry.Sector {
	if c := g.chosen(); c == &g.primary {
		return c.header.other
	}
	return g.backup.at
}

// displaced reports whether the backup is not in the last sector, so that the next write moves it there.
func (g *gptDisk) displaced() bool { return g.backupPlace() != g.sectors-1 }

// primaryArray is where the primary copy has its entries, or will have them once it is rebuilt.
func (g *gptDisk) primaryArray(src source) (geometry.Sector, error) {
	if g.primary.headerFault == nil {
		return g.primary.header.array, nil
	}
	// The header is gone but its array may not be: the backup's checksum tells where it lies.
	h := g.backup.header
	n := h.arraySectors(g.z)
	for _, at := range []geometry.Sector{2, h.first - n} {
		if at < 2 || !src.contains(geometry.SpanOf(at, n)) {
			continue
		}
		b, err := src.run(at, n)
		if err != nil {
			return 0, err
		}
		if crc32.ChecksumIEEE(b[:h.count*h.entrySize]) == h.arrayCRC {
			return at, nil
		}
	}
	return 2, nil
}

// same reports whether both copies say the same.
func (g *gptDisk) same() bool {
	p, b := g.primary.header, g.backup.header
	return p.disk == b.disk && p.first == b.first && p.last == b.last && p.count == b.count &&
		p.entrySize == b.entrySize && bytes.Equal(g.primary.array, g.backup.array)
}
