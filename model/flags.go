package model

import (
	"slices"
	"strings"
)

// Flag is a mark of a partition, such as "boot". The word is the same as in GParted, if GParted has it.
type Flag string

// The flags that code refers to. The table has all flags.
const (
	FlagBoot       Flag = "boot"
	FlagLegacyBoot Flag = "legacy_boot"
	FlagHidden     Flag = "hidden"
	FlagESP        Flag = "esp"
	FlagBIOSGrub   Flag = "bios_grub"
	FlagBLSBoot    Flag = "bls_boot"
	FlagPReP       Flag = "prep"

	flagMSFTData Flag = "msftdata"
)

// flagInfo says what a flag means on each kind of table. It is either a mark in the entry or a name for a partition type.
// Setting a flag of the second sort changes the type.
type flagInfo struct {
	flag Flag
	// On MBR:
	active   bool     // the mark of the partition that a BIOS starts
	variants pairs    // the second variant of a type
	mbr      PartType // a type
	// On GPT:
	bit uint64   // an attribute, from the UEFI specification (0 to 2) or, for basic data partitions, from Microsoft
	gpt PartType // a type
}

// flags lists all flags in the order in which they are shown.
var flags = []flagInfo{
	{flag: FlagBoot, active: true},
	{flag: FlagLegacyBoot, bit: 1 << 2}, // a BIOS may start the partition
	{flag: "required", bit: 1 << 0},
	{flag: "no_block_io", bit: 1 << 1},
	{flag: "read_only", bit: 1 << 60},
	{flag: FlagHidden, variants: hiddenTypes, bit: 1 << 62},
	{flag: "no_automount", bit: 1 << 63},
	{flag: FlagESP, mbr: "0xef", gpt: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"},
	{flag: FlagBIOSGrub, gpt: BIOSBoot},
	{flag: FlagBLSBoot, mbr: "0xea", gpt: "BC13C2FF-59E6-4262-A352-B275FD6F7172"}, // extended boot loader partition
	{flag: "lvm", mbr: "0x8e", gpt: "E6D6D379-F507-44C2-A23C-238F2A3DF928"},
	{flag: "raid", mbr: "0xfd", gpt: "A19D880F-05FC-4D3B-A006-743F0F84911E"},
	{flag: "swap", mbr: "0x82", gpt: "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"},
	{flag: "diag", mbr: "0x12", gpt: "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"},
	{flag: "msftres", mbr: "0x27", gpt: "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"},
	{flag: flagMSFTData, gpt: basicData},
	{flag: "irst", mbr: "0x84", gpt: "D3BFE2DE-3DAF-11DF-BA40-E3A556D89593"},
	{flag: FlagPReP, mbr: "0x41", gpt: "9E1A2D38-C612-4316-AA26-8B49521E5A8B"},
	{flag: "palo", mbr: "0xf0"},
	{flag: "chromeos_kernel", gpt: "FE3A2A5D-4F32-41A7-B725-ACCC3285A309"},
	{flag: "linux-home", gpt: "933AC7E1-2EB4-4F13-B844-0E14E2AEF915"},
	{flag: "atvrecv", gpt: "5265636F-7665-11AA-AA11-00306543ECAC"},
	{flag: "hp-service", gpt: "E2A1E728-32E3-11D6-A682-7B03A0000000"},
	{flag: "lba", variants: lbaTypes}, // addressed by LBA instead of CHS
}

// pairs lists MBR types that come in two variants.
type pairs [][2]PartType

var (
	// hiddenTypes pairs each type with its hidden variant.
	hiddenTypes = pairs{
		{"0x01", "0x11"},
		{"0x04", "0x14"},
		{"0x06", "0x16"},
		{"0x07", "0x17"},
		{"0x0b", "0x1b"},
		{"0x0c", "0x1c"},
		{"0x0e", "0x1e"},
	}
	// lbaTypes pairs each type for CHS addressing with its variant for LBA.
	lbaTypes = pairs{
		{MBRExtended, MBRExtendedLBA}, {"0x06", "0x0e"}, {"0x0b", "0x0c"}, {"0x16", "0x1e"}, {"0x1b", "0x1c"},
	}
)

// The two variants of a type, as indexes into a pair.
const (
	first = iota
	second
)

// variant returns the wanted variant of type t. ok is false if t has no variants or is already the wanted one.
func (list pairs) variant(t PartType, wanted int) (other PartType, ok bool) {
	for _, p := range list {
		if p[1-wanted] == t {
			return p[wanted], true
		}
	}
	return t, false
}

// on returns the flag without the fields of the other kind of table, and the type that it stands for on this kind, or "".
// ok reports whether the flag exists there.
func (f flagInfo) on(kind TableKind) (here flagInfo, t PartType, ok bool) {
	switch kind {
	case TableMBR:
		f.bit, f.gpt = 0, ""
		return f, f.mbr, f.active || f.variants != nil || f.mbr != ""
	case TableGPT:
		f.active, f.variants, f.mbr = false, nil, ""
		return f, f.gpt, f.bit != 0 || f.gpt != ""
	case TableNone:
	}
	return flagInfo{}, "", false
}

// flagOn looks up a flag by name and returns the same as on.
func flagOn(kind TableKind, f Flag) (here flagInfo, t PartType, ok bool) {
	if i := slices.IndexFunc(flags, func(info flagInfo) bool { return info.flag == f }); i >= 0 {
		return flags[i].on(kind)
	}
	return flagInfo{}, "", false
}

// Flags returns the words for a partition's flags in a fixed order: the marks in its entry ("boot", "hidden", …) and the
// names of its type ("esp", "lvm", …).
func Flags(kind TableKind, p Partition) []string {
	var words []string
	for _, f := range flags {
		// msftdata is left out, because every partition for Windows has it.
		if f.flag != flagMSFTData && HasFlag(kind, p, f.flag) {
			words = append(words, string(f.flag))
		}
	}
	return words
}

// FlagsFor returns the flags that can be changed on p.
func FlagsFor(kind TableKind, p Partition) []Flag {
	var list []Flag
	for _, f := range flags {
		if _, why := setFlag(kind, p, f.flag, !HasFlag(kind, p, f.flag)); why.OK() {
			list = append(list, f.flag)
		}
	}
	return list
}

// IsFlag reports whether the flag exists on this kind of table.
func IsFlag(kind TableKind, f Flag) bool {
	_, _, ok := flagOn(kind, f)
	return ok
}

// HasFlag reports whether p has the flag.
func HasFlag(kind TableKind, p Partition, f Flag) bool {
	switch info, t, ok := flagOn(kind, f); {
	case !ok:
		return false
	case info.active:
		return p.Active
	case info.bit != 0:
		return p.Attributes&info.bit != 0
	case info.variants != nil:
		_, has := info.variants.variant(p.Type, first)
		return has
	default:
		return strings.EqualFold(string(t), string(p.Type))
	}
}

// WithFlag returns p with the flag set, or the reason why that is impossible. A flag that stands for a type changes the
// type.
func WithFlag(kind TableKind, p Partition, f Flag) (after Partition, why Reason) {
	return setFlag(kind, p, f, true)
}

// WithoutFlag returns p with the flag cleared, or the reason why that is impossible. If the flag stands for a type, p
// gets the default type for its contents, or else the type of a Linux file system.
func WithoutFlag(kind TableKind, p Partition, f Flag) (after Partition, why Reason) {
	return setFlag(kind, p, f, false)
}

func setFlag(kind TableKind, p Partition, f Flag, set bool) (after Partition, why Reason) {
	info, t, ok := flagOn(kind, f)
	switch {
	case !ok:
		return p, Because("there is no such flag on %s", kind)
	case info.active:
		p.Active = set
		if set && p.Role == Logical {
			return p, "a BIOS starts from primary partitions only"
		}
	case info.bit != 0:
		p.Attributes &^= info.bit
		if set {
			p.Attributes |= info.bit
		}
	case info.variants != nil:
		wanted := first
		if set {
			wanted = second
		}
		if p.Type, ok = info.variants.variant(p.Type, wanted); !ok {
			return p, Because("there is no such variant of its type %s", p.Type)
		}
	case p.Role == Extended:
		return p, "an extended partition keeps its type"
	case set:
		p.Type = t
	default:
		p.Type = DefaultType(kind, p.Role, p.FS.Kind)
		if p.Type == t {
			p.Type = DefaultType(kind, p.Role, Unformatted)
		}
	}
	return p, ""
}
