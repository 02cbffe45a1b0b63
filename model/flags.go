package model

import "slices"

// GPT attribute bits, from the UEFI specification (0 to 2) and, for basic data partitions, from Microsoft.
const (
	attrRequired    = 1 << 0
	attrNoBlockIO   = 1 << 1
	attrLegacyBoot  = 1 << 2
	attrReadOnly    = 1 << 60
	attrHidden      = 1 << 62
	attrNoAutomount = 1 << 63
)

// Flags are the words for a partition's flags as lists show them, in a fixed order: what the table marks
// it with ("boot", "hidden", …) and what its type makes it ("esp", "lvm", …).
func Flags(kind TableKind, p Partition) []string {
	switch kind {
	case TableMBR:
		return mbrFlags(p)
	case TableGPT:
		return gptFlags(p)
	case TableNone:
	}
	return nil
}

func mbrFlags(p Partition) []string {
	var flags []string
	if p.Active {
		flags = append(flags, "boot")
	}
	if slices.Contains([]PartType{"0x11", "0x14", "0x16", "0x17", "0x1b", "0x1c", "0x1e"}, p.Type) {
		flags = append(flags, "hidden")
	}
	flags = append(flags, typeFlags(TableMBR, p.Type)...)
	if slices.Contains([]PartType{"0x0c", "0x0e", "0x0f", "0x1c", "0x1e"}, p.Type) {
		flags = append(flags, "lba")
	}
	return flags
}

func gptFlags(p Partition) []string {
	bits := []struct {
		mask uint64
		word string
	}{
		{attrLegacyBoot, "legacy_boot"},
		{attrRequired, "required"},
		{attrNoBlockIO, "no_block_io"},
		{attrReadOnly, "read_only"},
		{attrHidden, "hidden"},
		{attrNoAutomount, "no_automount"},
	}
	var flags []string
	for _, b := range bits {
		if p.Attributes&b.mask != 0 {
			flags = append(flags, b.word)
		}
	}
	return append(flags, typeFlags(TableGPT, p.Type)...)
}

func typeFlags(kind TableKind, t PartType) []string {
	for _, alias := range []string{"esp", "bios-boot", "lvm", "raid", "swap"} {
		if code, ok := TypeByAlias(kind, alias); ok && code == t {
			return []string{alias}
		}
	}
	return nil
}
