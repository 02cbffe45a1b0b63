package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

// editMBR returns the patches that put the differences between before and after into sector 0 and the chain.
func editMBR(src source, before, after model.Disk) ([]Patch, error) {
	var chain []ebr
	if ext, ok := before.Extended(); ok {
		var err error
		if chain, err = readChain(src, ext.Span, &report{}); err != nil {
			return nil, err
		}
	}
	out := slices.Clone(src.first)
	if err := putSignature(out, after.Table.ID); err != nil {
		return nil, err
	}
	return layMBR(src, out, chain, before, after)
}

// freshMBR returns a new table with a new signature. It keeps the boot code of an old table and erases the headers of an
// old GPT.
func freshMBR(g gptDisk, before, after model.Disk, newUUID func() uuid.UUID) ([]Patch, error) {
	out := bootCode(g.source, before)
	id := after.Table.ID
	if id == "" {
		bits := newUUID()
		id = fmt.Sprintf("0x%08x", max(1, le.Uint32(bits[:]))) // 0 would mean no signature
	}
	if err := putSignature(out, id); err != nil {
		return nil, err
	}
	list, err := layMBR(g.source, out, nil, model.Disk{SectorSize: g.z}, after)
	if err != nil {
		return nil, err
	}
	kept := []geometry.Span{{Start: 0, End: 1}}
	for _, p := range list {
		kept = append(kept, geometry.SpanOf(g.z.Down(geometry.Bytes(p.Off)), 1))
	}
	stale, err := g.staleHeaders(kept, after)
	return append(list, stale...), err
}

// bootCode returns sector 0 for a new table, with 55 AA at its end and the boot code of the old table. A disk without a
// table has no boot code, but sector 0 may belong to a file system there.
func bootCode(src source, before model.Disk) []byte {
	out := make([]byte, len(src.first))
	if before.Table.Kind != model.TableNone {
		copy(out, src.first)
	}
	clear(out[mbrBootCode:mbrSize])
	sign(out)
	return out
}

// layMBR puts the partitions of after into first, a copy of sector 0, and lays the chain.
func layMBR(src source, first []byte, chain []ebr, before, after model.Disk) ([]Patch, error) {
	old := slices.Clone(first)
	chs := guessGeometry(old)
	list, err := layChain(src, chain, before, after, chs)
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
			was = model.Partition{} // its entry was in a boot record, not in sector 0
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
	return append(list, src.patch(0, first, "MBR")), nil
}

// checkRole returns an error for an extended partition without an extended type. The opposite is allowed: a second
// extended partition is kept as a primary one, and its contents are not read.
func checkRole(p model.Partition) error {
	if p.Role == model.Extended && !model.IsExtendedType(model.PartType(strings.ToLower(string(p.Type)))) {
		return fmt.Errorf("%s: type %s is not a type of extended partitions", p.Ref(), p.Type)
	}
	return nil
}

// putSignature writes the disk signature id, for example "0x1234abcd".
func putSignature(first []byte, id string) error {
	n, ok := hexNumber(id, 32)
	if !ok {
		return fmt.Errorf("disk signature %q is not of the form 0x1234abcd", id)
	}
	le.PutUint32(first[mbrSignature:], uint32(n))
	return nil
}
