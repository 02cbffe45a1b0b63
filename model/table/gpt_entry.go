package table

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

const nameUnits = 36 // UTF-16 units a GPT name can have

// gptEntry is one entry in use.
type gptEntry struct {
	slot        int // from 0
	kind, id    uuid.UUID
	first, last uint64 // inclusive, unchecked
	attributes  uint64
	name        string
}

// entriesOf lists the entries in use of a whole copy.
func entriesOf(c gptCopy, z geometry.SectorSize) ([]gptEntry, error) {
	if libraryReadsGPT(c) {
		return libraryGPT(c, z)
	}
	return decodeEntries(c.array, c.header.entrySize), nil
}

// decodeEntries lists the entries in use of an array of entries of any size from 128 up.
func decodeEntries(array []byte, size int) []gptEntry {
	var list []gptEntry
	for slot := 0; (slot+1)*size <= len(array); slot++ {
		raw := array[slot*size : (slot+1)*size]
		kind := guidFromDisk(raw)
		if kind == uuid.Nil {
			continue
		}
		list = append(list, gptEntry{
			slot: slot, kind: kind, id: guidFromDisk(raw[16:]),
			first: le.Uint64(raw[32:]), last: le.Uint64(raw[40:]),
			attributes: le.Uint64(raw[48:]), name: decodeName(raw[56 : 56+2*nameUnits]),
		})
	}
	return list
}

// decodeName reads a name up to its first NUL. Units that are no valid UTF-16 read as U+FFFD.
func decodeName(b []byte) string {
	var units []uint16
	for i := 0; i < len(b); i += 2 {
		u := le.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// encodeName is the 72 bytes of a name, or an error if it does not fit.
func encodeName(name string) ([]byte, error) {
	units := utf16.Encode([]rune(name))
	if len(units) > nameUnits {
		return nil, fmt.Errorf("name %q takes %d UTF-16 units, a GPT entry holds %d", name, len(units), nameUnits)
	}
	if strings.ContainsRune(name, 0) {
		return nil, fmt.Errorf("name %q holds a NUL, which ends a name", name)
	}
	b := make([]byte, 2*nameUnits)
	for i, u := range units {
		le.PutUint16(b[2*i:], u)
	}
	return b, nil
}

// partition is the entry as the model has it, or an error that says why it cannot be one.
func (e gptEntry) partition() (model.Partition, error) {
	if e.first > e.last || e.last >= maxLBA {
		return model.Partition{}, fmt.Errorf("p%d: sectors %d to %d are no range", e.slot+1, e.first, e.last)
	}
	return model.Partition{
		Number:     e.slot + 1,
		Role:       model.Primary,
		Span:       geometry.Span{Start: geometry.Sector(e.first), End: geometry.Sector(e.last) + 1},
		Type:       model.PartType(strings.ToUpper(e.kind.String())),
		Name:       e.name,
		UUID:       e.id.String(),
		Attributes: e.attributes,
	}, nil
}

// patchEntry brings raw, an entry that holds was, to p; a zero was means that raw held nothing. Only the
// fields in which the two differ are written.
func patchEntry(raw []byte, was, p model.Partition, newUUID func() uuid.UUID) error {
	fresh := was.ID == 0
	if fresh {
		clear(raw)
	}
	if fresh || !strings.EqualFold(string(was.Type), string(p.Type)) {
		kind, err := uuid.Parse(string(p.Type))
		if err != nil || kind == uuid.Nil {
			return fmt.Errorf("%s: type %q is no partition type GUID", p.Ref(), p.Type)
		}
		guidToDisk(raw, kind)
	}
	switch {
	case fresh && p.UUID == "":
		guidToDisk(raw[16:], newUUID())
	case p.UUID != "" && !strings.EqualFold(was.UUID, p.UUID):
		id, err := uuid.Parse(p.UUID)
		if err != nil {
			return fmt.Errorf("%s: PARTUUID %q is no GUID", p.Ref(), p.UUID)
		}
		guidToDisk(raw[16:], id)
	}
	le.PutUint64(raw[32:], uint64(p.Span.Start))
	le.PutUint64(raw[40:], uint64(p.Span.End-1))
	le.PutUint64(raw[48:], p.Attributes)
	if fresh || was.Name != p.Name {
		name, err := encodeName(p.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Ref(), err)
		}
		copy(raw[56:], name)
	}
	return nil
}
