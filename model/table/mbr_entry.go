package table

import (
	"fmt"
	"slices"
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

// mbrEntry is a slot of an MBR or of a boot record.
type mbrEntry struct {
	active bool
	kind   byte
	start  uint32 // relative to a base that depends on the kind of record
	count  uint32 // 0 means that the slot is not in use
}

func slotOf(sector []byte, i int) []byte {
	return sector[mbrEntries+i*mbrEntrySize : mbrEntries+(i+1)*mbrEntrySize]
}

// sign writes 55 AA at the end of a sector.
func sign(sector []byte) { sector[510], sector[511] = 0x55, 0xAA }

// span returns the sectors of the entry, whose start is relative to base.
func (e mbrEntry) span(base geometry.Sector) geometry.Span {
	return geometry.SpanOf(base+geometry.Sector(e.start), geometry.Sector(e.count))
}

func (e mbrEntry) used() bool { return e.count != 0 }

func (e mbrEntry) protective() bool { return e.kind == protective && e.used() }

func (e mbrEntry) extended() bool { return e.used() && model.IsExtendedType(e.partType()) }

func (e mbrEntry) partType() model.PartType { return model.PartType(fmt.Sprintf("0x%02x", e.kind)) }

// typeByte parses a partition type such as "0x83".
func typeByte(t model.PartType) (byte, error) {
	n, ok := hexNumber(string(t), 8)
	if !ok {
		return 0, fmt.Errorf("type %q is not an MBR type; these are 0x00 to 0xff", t)
	}
	return byte(n), nil
}

// hexNumber parses a number of that many bits, for example "0x83".
func hexNumber(text string, bits int) (n uint64, ok bool) {
	digits, ok := strings.CutPrefix(strings.ToLower(text), "0x")
	n, err := strconv.ParseUint(digits, 16, bits)
	return n, ok && err == nil
}

// patchSlot changes raw, the slot of was, into the slot of p. A zero was means that raw is empty. The start is relative
// to base. Only fields in which was and p differ are written, so the CHS bytes of an end that does not move stay as
// another tool chose them.
func patchSlot(raw []byte, was, p model.Partition, base geometry.Sector, chs chsGeometry) error {
	fresh := was.ID == 0
	if fresh {
		clear(raw)
	}
	start, count := p.Span.Start-base, p.Span.Len()
	early := start < 1 && (fresh || was.Span != p.Span) // an entry may begin with sector 0 already
	if early || start >= model.MBRSectors || count < 1 || count >= model.MBRSectors || p.Span.End > model.MBRSectors {
		return fmt.Errorf("%s at %s: an MBR holds positions and lengths below 2^32 sectors", p.Ref(), p.Span.Named())
	}
	if fresh || was.Active != p.Active {
		raw[0] = statusOf(p.Active)
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
	place(raw, start, count)
	return nil
}

// statusOf returns the status byte of a slot.
func statusOf(active bool) byte {
	if active {
		return 0x80
	}
	return 0x00
}

// chsGeometry is the number of heads and of sectors per track from which a disk's CHS bytes were computed.
type chsGeometry struct{ heads, track geometry.Sector }

var usualGeometry = chsGeometry{heads: geometry.Heads, track: geometry.SectorsPerTrack}

// guessGeometry returns the geometry that explains all CHS bytes of an MBR, so that new CHS bytes match the others.
// Without evidence it returns the usual 255 heads and 63 sectors.
func guessGeometry(first []byte) chsGeometry {
	candidates := []chsGeometry{usualGeometry}
	for i := range mbrSlots {
		// Partitions used to end with a cylinder, so the last head and sector say how many there are.
		if last := geometry.ParseCHS([3]byte(slotOf(first, i)[5:])); last.Sector > 0 {
			candidates = append(candidates, chsGeometry{heads: geometry.Sector(last.Head + 1), track: geometry.Sector(last.Sector)})
		}
	}
	explains := func(c chsGeometry) bool { return c.explains(first) }
	if i := slices.IndexFunc(candidates, explains); i >= 0 {
		return candidates[i]
	}
	return usualGeometry
}

func (c chsGeometry) explains(first []byte) bool {
	known := false
	for i, e := range slots(first) {
		if !e.used() {
			continue
		}
		for off, lba := range map[int]geometry.Sector{1: e.span(0).Start, 5: e.span(0).End - 1} {
			stored := geometry.ParseCHS([3]byte(slotOf(first, i)[off:]))
			if stored.Overflow() {
				continue
			}
			if stored != c.of(lba) {
				return false
			}
			known = true
		}
	}
	return known
}

func (c chsGeometry) of(lba geometry.Sector) geometry.CHS {
	return geometry.CHS{
		Cylinder: int(lba / (c.heads * c.track)),
		Head:     int(lba / c.track % c.heads),
		Sector:   int(lba%c.track) + 1,
	}
}

// put stores the CHS address of an absolute sector in three bytes. An address that is too large is stored as FE FF FF.
func (c chsGeometry) put(raw []byte, lba geometry.Sector) {
	b := c.of(lba).Bytes()
	copy(raw, b[:])
}

// place stores the start and the length of a slot's partition in sectors. start is relative to the base of the record.
func place(raw []byte, start, count geometry.Sector) {
	le.PutUint32(raw[8:], uint32(start))
	le.PutUint32(raw[12:], uint32(count))
}
