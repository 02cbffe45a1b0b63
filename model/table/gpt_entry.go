package table

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/google/uuid"

	"shunt/model"
)

const nameUnits = 36 // largest length of a GPT name in UTF-16 units

// encodeName returns the 72 bytes of a partition name.
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

// patchEntry changes raw, the entry of was, into the entry of p. A zero was means that raw is empty. Only fields in which
// was and p differ are written.
func patchEntry(raw []byte, was, p model.Partition, newUUID func() uuid.UUID) error {
	fresh := was.ID == 0
	if fresh {
		clear(raw)
	}
	if fresh || !strings.EqualFold(string(was.Type), string(p.Type)) {
		kind, err := uuid.Parse(string(p.Type))
		if err != nil || kind == uuid.Nil {
			return fmt.Errorf("%s: type %q is not a partition type GUID", p.Ref(), p.Type)
		}
		putGUID(raw, kind)
	}
	switch {
	case fresh && p.UUID == "":
		putGUID(raw[16:], newUUID())
	case p.UUID != "" && !strings.EqualFold(was.UUID, p.UUID):
		id, err := uuid.Parse(p.UUID)
		if err != nil {
			return fmt.Errorf("%s: PARTUUID %q is not a GUID", p.Ref(), p.UUID)
		}
		putGUID(raw[16:], id)
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

func putGUID(raw []byte, id uuid.UUID) {
	b := guidToDisk(id)
	copy(raw, b[:])
}
