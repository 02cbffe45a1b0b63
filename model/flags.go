package model

import (
	"slices"
	"strings"
)

// GPT attribute bits, from the UEFI specification (0 to 2) and, for basic data partitions, from Microsoft.
const (
	attrRequired    = 1 << 0
	attrNoBlockIO   = 1 << 1
	attrLegacyBoot  = 1 << 2
	attrReadOnly    = 1 << 60
	attrHidden      = 1 << 62
	attrNoAutomount = 1 << 63
)

// Flag is one mark of a partition, by the word that GParted has for it where it has one: "boot".
type Flag string

// The flags. Those of the first group are marks of their own, of "hidden" only on GPT; the others are
// another name for a partition type, so that setting one changes the type.
const (
	FlagBoot        Flag = "boot"        // MBR: active
	FlagLegacyBoot  Flag = "legacy_boot" // GPT: a BIOS may start it
	FlagRequired    Flag = "required"
	FlagNoBlockIO   Flag = "no_block_io"
	FlagReadOnly    Flag = "read_only"
	FlagHidden      Flag = "hidden"
	FlagNoAutomount Flag = "no_automount"

	FlagLBA       Flag = "lba" // MBR: to be addressed by LBA, not CHS
	FlagESP       Flag = "esp"
	FlagBIOSGrub  Flag = "bios_grub"
	FlagBLSBoot   Flag = "bls_boot" // extended boot loader partition
	FlagSwap      Flag = "swap"
	FlagRAID      Flag = "raid"
	FlagLVM       Flag = "lvm"
	FlagDiag      Flag = "diag"
	FlagMSFTRes   Flag = "msftres"
	FlagMSFTData  Flag = "msftdata"
	FlagIRST      Flag = "irst"
	FlagPReP      Flag = "prep"
	FlagPALO      Flag = "palo"
	FlagChromeOS  Flag = "chromeos_kernel"
	FlagLinuxHome Flag = "linux-home"
	FlagAppleTV   Flag = "atvrecv"
	FlagHPService Flag = "hp-service"
)

const (
	nullType        PartType = ""
	windowsRecovery PartType = "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"
)

// attributes are the flags that are bits of a GPT entry, in the order in which they are shown.
var attributes = []struct {
	flag Flag
	mask uint64
}{
	{FlagLegacyBoot, attrLegacyBoot},
	{FlagRequired, attrRequired},
	{FlagNoBlockIO, attrNoBlockIO},
	{FlagReadOnly, attrReadOnly},
	{FlagHidden, attrHidden},
	{FlagNoAutomount, attrNoAutomount},
}

// typeFlags are the flags that stand for a type, in the order in which they are shown.
var typeFlags = []struct {
	flag     Flag
	mbr, gpt PartType
}{
	{FlagESP, "0xef", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"},
	{FlagBIOSGrub, nullType, BIOSBoot},
	{FlagBLSBoot, "0xea", "BC13C2FF-59E6-4262-A352-B275FD6F7172"},
	{FlagLVM, "0x8e", "E6D6D379-F507-44C2-A23C-238F2A3DF928"},
	{FlagRAID, "0xfd", "A19D880F-05FC-4D3B-A006-743F0F84911E"},
	{FlagSwap, "0x82", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"},
	{FlagDiag, "0x12", windowsRecovery},
	{FlagMSFTRes, "0x27", "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"},
	{FlagMSFTData, nullType, basicData},
	{FlagIRST, "0x84", "D3BFE2DE-3DAF-11DF-BA40-E3A556D89593"},
	{FlagPReP, "0x41", "9E1A2D38-C612-4316-AA26-8B49521E5A8B"},
	{FlagPALO, "0xf0", nullType},
	{FlagChromeOS, nullType, "FE3A2A5D-4F32-41A7-B725-ACCC3285A309"},
	{FlagLinuxHome, nullType, "933AC7E1-2EB4-4F13-B844-0E14E2AEF915"},
	{FlagAppleTV, nullType, "5265636F-7665-11AA-AA11-00306543ECAC"},
	{FlagHPService, nullType, "E2A1E728-32E3-11D6-A682-7B03A0000000"},
}

// pairs are MBR types that come in two variants.
type pairs [][2]PartType

var (
	// hiddenTypes are a type and the same hidden.
	hiddenTypes = pairs{
		{"0x01", "0x11"},
		{"0x04", "0x14"},
		{"0x06", "0x16"},
		{"0x07", "0x17"},
		{"0x0b", "0x1b"},
		{"0x0c", "0x1c"},
		{"0x0e", "0x1e"},
	}
	// lbaTypes are a type for addressing by CHS and the same by LBA.
	lbaTypes = pairs{
		{MBRExtended, MBRExtendedLBA},
		{"0x06", "0x0e"},
		{"0x0b", "0x0c"},
		{"0x16", "0x1e"},
		{"0x1b", "0x1c"},
	}
)

// hidden is the second variant of t, and shown the first, if t is the other one.
func (list pairs) hidden(t PartType) (PartType, bool) { return list.other(t, 0) }

func (list pairs) shown(t PartType) (PartType, bool) { return list.other(t, 1) }

func (list pairs) other(t PartType, side int) (PartType, bool) {
	for _, p := range list {
		if p[side] == t {
			return p[1-side], true
		}
	}
	return t, false
}

// pairOf is the list of variants that an MBR flag chooses from, nil for other flags.
func pairOf(f Flag) pairs {
	if f == FlagHidden {
		return hiddenTypes
	}
	if f == FlagLBA {
		return lbaTypes
	}
	return nil
}

// typeOf is the type that a flag stands for on this kind of table, "" if it stands for none.
func typeOf(kind TableKind, f Flag) PartType {
	for _, t := range typeFlags {
		if t.flag == f {
			return typeInfo{mbr: t.mbr, gpt: t.gpt}.on(kind)
		}
	}
	return nullType
}

func attributeOf(f Flag) uint64 {
	for _, a := range attributes {
		if a.flag == f {
			return a.mask
		}
	}
	return 0
}

// Flags are the words for a partition's flags as lists show them, in a fixed order: what the table marks
// it with ("boot", "hidden", …) and what its type makes it ("esp", "lvm", …).
func Flags(kind TableKind, p Partition) []string {
	var words []string
	for _, f := range allFlags(kind) {
		// Every partition for Windows carries it, which tells nothing.
		if f != FlagMSFTData && HasFlag(kind, p, f) {
			words = append(words, string(f))
		}
	}
	return words
}

// allFlags are the flags that exist on this kind of table.
func allFlags(kind TableKind) []Flag {
	var list []Flag
	switch kind {
	case TableMBR:
		list = append(list, FlagBoot, FlagHidden)
	case TableGPT:
		for _, a := range attributes {
			list = append(list, a.flag)
		}
	case TableNone:
		return nil
	}
	for _, t := range typeFlags {
		if typeOf(kind, t.flag) != nullType {
			list = append(list, t.flag)
		}
	}
	if kind == TableMBR {
		list = append(list, FlagLBA)
	}
	return list
}

// FlagsFor lists the flags that can be set on p, or cleared if it has them.
func FlagsFor(kind TableKind, p Partition) []Flag {
	return slices.DeleteFunc(allFlags(kind), func(f Flag) bool {
		change := WithFlag
		if HasFlag(kind, p, f) {
			change = WithoutFlag
		}
		_, why := change(kind, p, f)
		return !why.OK()
	})
}

// HasFlag reports whether p carries the flag.
func HasFlag(kind TableKind, p Partition, f Flag) bool {
	if kind == TableMBR {
		if f == FlagBoot {
			return p.Active
		}
		if list := pairOf(f); list != nil {
			_, is := list.shown(p.Type)
			return is
		}
	}
	if mask := attributeOf(f); kind == TableGPT && mask != 0 {
		return p.Attributes&mask != 0
	}
	t := typeOf(kind, f)
	return t != nullType && strings.EqualFold(string(t), string(p.Type))
}

// WithFlag is p with the flag set, or why that cannot be. A flag that stands for a type changes the type.
func WithFlag(kind TableKind, p Partition, f Flag) (after Partition, why Reason) {
	if mask := attributeOf(f); kind == TableGPT && mask != 0 {
		p.Attributes |= mask
		return p, ""
	}
	if list := pairOf(f); kind == TableMBR && list != nil {
		return withVariant(p, list.hidden)
	}
	if kind == TableMBR && f == FlagBoot {
		p.Active = true
		if p.Role == Logical {
			return p, "a BIOS starts from primary partitions only"
		}
		return p, ""
	}
	t, why := flagType(kind, p, f)
	p.Type = t
	return p, why
}

// WithoutFlag is p with the flag cleared, or why that cannot be. Where the flag stands for a type, what is
// left is the type that goes with the contents, or else that of a Linux file system.
func WithoutFlag(kind TableKind, p Partition, f Flag) (after Partition, why Reason) {
	if mask := attributeOf(f); kind == TableGPT && mask != 0 {
		p.Attributes &^= mask
		return p, ""
	}
	if list := pairOf(f); kind == TableMBR && list != nil {
		return withVariant(p, list.shown)
	}
	if kind == TableMBR && f == FlagBoot {
		p.Active = false
		return p, ""
	}
	t, why := flagType(kind, p, f)
	p.Type = DefaultType(kind, p.Role, p.FS.Kind)
	if p.Type == t {
		p.Type = DefaultType(kind, p.Role, Unformatted)
	}
	return p, why
}

// withVariant is p with the other variant of its type.
func withVariant(p Partition, other func(PartType) (PartType, bool)) (after Partition, why Reason) {
	t, ok := other(p.Type)
	if !ok {
		return p, Because("there is no such variant of its type %s", p.Type)
	}
	p.Type = t
	return p, ""
}

// flagType is the type that a flag stands for, or why it cannot be set or cleared on p.
func flagType(kind TableKind, p Partition, f Flag) (t PartType, why Reason) {
	t = typeOf(kind, f)
	switch {
	case t == nullType:
		return t, Because("there is no such flag on %s", kind)
	case p.Role == Extended:
		return t, "an extended partition keeps its type"
	}
	return t, ""
}

// IsFlag reports whether there is such a flag on this kind of table.
func IsFlag(kind TableKind, f Flag) bool { return slices.Contains(allFlags(kind), f) }
