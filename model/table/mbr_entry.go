package table

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

const (
	mbrSize      = 512
	mbrSlots     = 4
	mbrEntrySize = 16
	mbrEntries   = 446 // offset of slot 0
	mbrSignature = 440 // offset of the disk signature
	mbrBootCode  = 440 // length of the boot code
	protective   = 0xEE
)

// mbrEntry is a slot of an MBR or of an EBR.
type mbrEntry struct {
	active bool
	kind   byte
	start  uint32 // counted from what the kind of record says
	count  uint32 // 0 means that the slot is not in use
}

func slotOf(sector []byte, i int) []byte {
	return sector[mbrEntries+i*mbrEntrySize : mbrEntries+(i+1)*mbrEntrySize]
}

func parseMBREntry(raw []byte) mbrEntry {
	return mbrEntry{active: raw[0]&0x80 != 0, kind: raw[4], start: le.Uint32(raw[8:]), count: le.Uint32(raw[12:])}
}

// span is where the entry lies if its start counts from base.
func (e mbrEntry) span(base geometry.Sector) geometry.Span {
	return geometry.SpanOf(base+geometry.Sector(e.start), geometry.Sector(e.count))
}

func (e mbrEntry) protective() bool { return e.kind == protective && e.count != 0 }

func (e mbrEntry) extended() bool { return e.count != 0 && isExtended(e.kind) }

func (e mbrEntry) partType() model.PartType { return model.PartType(fmt.Sprintf("0x%02x", e.kind)) }

func isExtended(kind byte) bool { return kind == 0x05 || kind == 0x0F || kind == 0x85 }

// typeByte is the type id for a partition type such as "0x83".
func typeByte(t model.PartType) (byte, error) {
	digits, ok := strings.CutPrefix(strings.ToLower(string(t)), "0x")
	n, err := strconv.ParseUint(digits, 16, 8)
	if !ok || err != nil {
		return 0, fmt.Errorf("type %q is no MBR type; they read 0x00 to 0xff", t)
	}
	return byte(n), nil
}

// patchSlot brings raw, a slot that holds was, to p. A zero was means that raw held nothing; base is what the
// start is counted from. Only the fields in which the two differ are written, so that the CHS bytes of an end
// that does not move stay as the tool that made them chose them.
func patchSlot(raw []byte, was, p model.Partition, base geometry.Sector, chs chsGeometry) error {
	fresh := was.ID == 0
	if fresh {
		clear(raw)
	}
	start, count := p.Span.Start-base, p.Span.Len()
	if start < 1 || start >= model.MBRSectors || count < 1 || count >= model.MBRSectors || p.Span.End > model.MBRSectors {
		return fmt.Errorf("%s at sectors %s: an MBR holds positions and lengths below 2^32 sectors", p.Ref(), p.Span.Inclusive())
	}
	if fresh || was.Active != p.Active {
		raw[0] = 0x00
		if p.Active {
			raw[0] = 0x80
		}
	}
	if fresh || !sameType(was.Type, p.Type) {
		kind, err := typeByte(p.Type)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Ref(), err)
		}
		raw[4] = kind
	}
	if fresh || was.Span.Start != p.Span.Start {
		chs.put(raw[1:], p.Span.Start)
	}
	if fresh || was.Span.End != p.Span.End {
		chs.put(raw[5:], p.Span.End-1)
	}
	le.PutUint32(raw[8:], uint32(start))
	le.PutUint32(raw[12:], uint32(count))
	return nil
}

// chsGeometry is the number of heads and of sectors per track by which a disk's CHS bytes were computed.
type chsGeometry struct{ heads, track geometry.Sector }

// guessGeometry finds the geometry that explains all CHS bytes of an MBR, so that an end that moves gets
// bytes of the same kind as the others; without evidence it is the usual 255 heads of 63 sectors.
func guessGeometry(first []byte) chsGeometry {
	usual := chsGeometry{heads: geometry.Heads, track: geometry.SectorsPerTrack}
	candidates := []chsGeometry{usual}
	for i := range mbrSlots {
		raw := slotOf(first, i)
		if last := geometry.ParseCHS([3]byte(raw[5:8])); last.Sector > 0 {
			// Partitions used to end with a cylinder, so the last head and sector tell how many there are.
			candidates = append(candidates, chsGeometry{heads: geometry.Sector(last.Head + 1), track: geometry.Sector(last.Sector)})
		}
	}
	for _, c := range candidates {
		if c.explains(first) {
			return c
		}
	}
	return usual
}

func (c chsGeometry) explains(first []byte) bool {
	known := 0
	for i := range mbrSlots {
		raw := slotOf(first, i)
		e := parseMBREntry(raw)
		if e.count == 0 {
			continue
		}
		for off, lba := range map[int]geometry.Sector{1: e.span(0).Start, 5: e.span(0).End - 1} {
			stored := geometry.ParseCHS([3]byte(raw[off : off+3]))
			if stored.Overflow() {
				continue
			}
			if stored != c.of(lba) {
				return false
			}
			known++
		}
	}
	return known > 0
}

func (c chsGeometry) of(lba geometry.Sector) geometry.CHS {
	return geometry.CHS{
		Cylinder: int(lba / (c.heads * c.track)),
		Head:     int(lba / c.track % c.heads),
		Sector:   int(lba%c.track) + 1,
	}
}

// put stores the address of an absolute sector in three bytes; one too large is stored as FE FF FF.
func (c chsGeometry) put(raw []byte, lba geometry.Sector) {
	b := c.of(lba).Bytes()
	copy(raw[:3], b[:])
}
