package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

// editMBR is sector 0 and the chain on the disk with only the differences between before and after put in.
func editMBR(src source, first []byte, before, after model.Disk) ([]Patch, error) {
	var chain []ebr
	if ext, ok := before.Extended(); ok {
		var err error
		if chain, err = readChain(src, ext.Span, &report{}); err != nil {
			return nil, err
		}
	}
	out := slices.Clone(first)
	if err := putSignature(out, after.Table.ID); err != nil {
		return nil, err
	}
	return layMBR(src.z, out, chain, before, after)
}

// freshMBR is a new table with a new signature; the boot code of an old table stays. The headers of an old
// GPT are erased.
func freshMBR(src source, g gptDisk, first []byte, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	out := make([]byte, len(first))
	if before.Table.Kind != model.TableNone {
		copy(out, first)
	}
	clear(out[mbrBootCode:mbrSize])
	out[510], out[511] = 0x55, 0xAA
	id := after.Table.ID
	if id == "" {
		bits := newUUID()
		id = fmt.Sprintf("0x%08x", max(1, le.Uint32(bits[:]))) // 0 would mean that there is none
	}
	if err := putSignature(out, id); err != nil {
		return nil, err
	}
	list, err := layMBR(src.z, out, nil, model.New(model.Disk{SectorSize: src.z}, nil, nil), after)
	if err != nil {
		return nil, err
	}
	kept := []geometry.Span{{Start: 0, End: 1}}
	for _, p := range list {
		kept = append(kept, geometry.SpanOf(src.z.Down(geometry.Bytes(p.Off)), 1))
	}
	stale, err := staleHeaders(src, g, kept, after)
	return append(list, stale...), err
}

// layMBR puts the partitions of after into first, a copy of sector 0 as before has it, and lays the chain.
func layMBR(z geometry.SectorSize, first []byte, chain []ebr, before, after model.Disk) ([]Patch, error) {
	old := slices.Clone(first)
	chs := guessGeometry(old)
	list, err := layChain(z, chain, before, after, chs)
	if err != nil {
		return nil, err
	}
	slot := func(sector []byte, p model.Partition) []byte { return slotOf(sector, p.Number-1) }
	for _, p := range before.Partitions() {
		if p.Role != model.Logical {
			clear(slot(first, p))
		}
	}
	for _, p := range after.Partitions() {
		if p.Role == model.Logical {
			continue
		}
		was, _ := before.Partition(p.ID)
		if was.Role == model.Logical {
			was = model.Partition{} // its entry is in an EBR and says nothing about a slot of sector 0
		}
		raw := slot(first, p)
		if was.ID != 0 {
			copy(raw, slot(old, was))
		}
		if err := checkRole(p); err != nil {
			return nil, err
		}
		if err := patchSlot(raw, was, p, 0, chs); err != nil {
			return nil, err
		}
	}
	return append(list, Patch{Off: 0, Data: first, What: "MBR"}), nil
}

// checkRole refuses an extended partition without an extended type. The other way round is possible: a
// second extended partition is kept as a primary that nobody looks into.
func checkRole(p model.Partition) error {
	kind, err := typeByte(p.Type)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Ref(), err)
	}
	if p.Role == model.Extended && !isExtended(kind) {
		return fmt.Errorf("%s: type %s does not make it an extended partition", p.Ref(), p.Type)
	}
	return nil
}

// putSignature writes the disk signature id, such as "0x1234abcd".
func putSignature(first []byte, id string) error {
	digits, ok := strings.CutPrefix(strings.ToLower(id), "0x")
	n, err := strconv.ParseUint(digits, 16, 32)
	if !ok || err != nil {
		return fmt.Errorf("disk signature %q is not of the form 0x1234abcd", id)
	}
	le.PutUint32(first[mbrSignature:], uint32(n))
	return nil
}
