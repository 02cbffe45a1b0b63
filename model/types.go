package model

import "strings"

// typeInfo is one partition type that people may meet. Sources: the UEFI specification and the
// Discoverable Partitions Specification for GUIDs, the ids in common use for MBR.
type typeInfo struct {
	mbr   PartType // "" if the type does not exist there
	gpt   PartType
	alias string // the word for it in plan files and pickers, "" if it cannot be chosen by word
	name  string
}

// Partition types that operations treat in a special way.
const (
	BIOSBoot       PartType = "21686148-6449-6E6F-744E-656564454649"
	MBRExtended    PartType = "0x05"
	MBRExtendedLBA PartType = "0x0f"
	MBRExtendedLnx PartType = "0x85"
)

var types = [...]typeInfo{
	{"0x83", "0FC63DAF-8483-4772-8E79-3D69D8477DE4", "linux", "Linux file system"},
	{"0x82", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "swap", "Linux swap"},
	{"0xef", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "esp", "EFI system"},
	{"", BIOSBoot, "bios-boot", "BIOS boot"},
	{"0x8e", "E6D6D379-F507-44C2-A23C-238F2A3DF928", "lvm", "Linux LVM"},
	{"0xfd", "A19D880F-05FC-4D3B-A006-743F0F84911E", "raid", "Linux RAID"},
	{"0x0c", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "fat32", "FAT32 (LBA)"},
	{"0x0e", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "fat16", "FAT16 (LBA)"},
	{"0x07", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "ntfs", "NTFS or exFAT"},
	{"0x07", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "data", "NTFS or exFAT"},
	{"", "BC13C2FF-59E6-4262-A352-B275FD6F7172", "xbootldr", "Linux extended boot"},
	{"", "933AC7E1-2EB4-4F13-B844-0E14E2AEF915", "home", "Linux home"},
	{"", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "root-x86-64", "Linux root (x86-64)"},
	{"", "B921B045-1DF0-41C3-AF44-4C6F280D3FAE", "root-arm64", "Linux root (ARM64)"},
	{"", "CA7D7CCB-63ED-4C53-861C-1742536059CC", "luks", "Linux LUKS"},
	{"0x0b", "", "", "FAT32"},
	{"0x01", "", "", "FAT12"},
	{"0x04", "", "", "FAT16 under 32 MiB"},
	{"0x06", "", "", "FAT16"},
	{MBRExtended, "", "", "Extended"},
	{MBRExtendedLBA, "", "", "Extended (LBA)"},
	{MBRExtendedLnx, "", "", "Linux extended"},
	{"0x11", "", "", "Hidden FAT12"},
	{"0x14", "", "", "Hidden FAT16 under 32 MiB"},
	{"0x16", "", "", "Hidden FAT16"},
	{"0x17", "", "", "Hidden NTFS or exFAT"},
	{"0x1b", "", "", "Hidden FAT32"},
	{"0x1c", "", "", "Hidden FAT32 (LBA)"},
	{"0x1e", "", "", "Hidden FAT16 (LBA)"},
	{"0x27", "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "", "Windows recovery"},
	{"0x42", "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", "", "Windows dynamic disk"},
	{"0xa5", "516E7CB4-6ECF-11D6-8FF8-00022D09712B", "", "FreeBSD"},
	{"0xa6", "824CC7A0-36A8-11E3-890A-952519AD3F61", "", "OpenBSD"},
	{"0xa8", "55465300-0000-11AA-AA11-00306543ECAC", "", "Apple UFS"},
	{"0xaf", "48465300-0000-11AA-AA11-00306543ECAC", "", "Apple HFS"},
	{"0xda", "", "", "Non-FS data"},
	{"0xee", "", "", "GPT protective"},
	{"0xfb", "AA31E02A-400F-11DB-9590-000C2911D1B8", "", "VMware VMFS"},
	{"", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "", "Basic data"},
	{"", "E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "", "Microsoft reserved"},
	{"", "AF9B60A0-1431-4F62-BC68-3311714A69AD", "", "Windows dynamic disk data"},
	{"", "8DA63339-0007-60C0-C436-083AC8230908", "", "Linux reserved"},
	{"", "3B8F8425-20E0-4F3B-907F-1A25A76F98E8", "", "Linux server data"},
	{"", "7C3457EF-0000-11AA-AA11-00306543ECAC", "", "Apple APFS"},
	{"", "FE3A2A5D-4F32-41A7-B725-ACCC3285A309", "", "ChromeOS kernel"},
	{"", "3CB8E202-3B7E-47DD-8A3C-7FF2A13CFCEC", "", "ChromeOS root"},
	{"", "024DEE41-33E7-11D3-9D69-0008C781F39F", "", "MBR partition scheme"},
}

// on is the type's code in a table of this kind, "" if it has none.
func (t typeInfo) on(kind TableKind) PartType {
	switch kind {
	case TableMBR:
		return t.mbr
	case TableGPT:
		return t.gpt
	case TableNone:
	}
	return ""
}

// TypeName is what people call a partition type, or the type's code itself if it is not a common one.
func TypeName(kind TableKind, t PartType) string {
	if t == "" {
		return "unknown"
	}
	// On GPT one GUID stands for all of Microsoft's file systems; the row without an MBR id names it.
	name := string(t)
	for _, info := range types {
		if !strings.EqualFold(string(info.on(kind)), string(t)) {
			continue
		}
		name = info.name
		if kind == TableMBR || info.mbr == "" {
			break
		}
	}
	return name
}

// TypeByAlias is the partition type for a word such as "esp", "linux", "swap", "lvm", "raid", "bios-boot"
// or "fat32", or for the code of a type itself ("0x83" on MBR, a GUID on GPT). ok is false if the word
// means nothing on this kind of table.
func TypeByAlias(kind TableKind, alias string) (t PartType, ok bool) {
	for _, info := range types {
		if info.alias == strings.ToLower(alias) && alias != "" && info.on(kind) != "" {
			return info.on(kind), true
		}
	}
	switch {
	case kind == TableMBR && len(alias) == 4 && strings.EqualFold(alias[:2], "0x") && isHex(alias[2:]):
		return PartType(strings.ToLower(alias)), true
	case kind == TableGPT && isGUID(alias):
		return PartType(strings.ToUpper(alias)), true
	}
	return "", false
}

// TypeAliases lists the words TypeByAlias knows on this kind of table.
func TypeAliases(kind TableKind) []string {
	var words []string
	for _, info := range types {
		if info.alias != "" && info.on(kind) != "" {
			words = append(words, info.alias)
		}
	}
	return words
}

// DefaultType is the type a new partition with these contents gets.
func DefaultType(kind TableKind, role Role, fs FSKind) PartType {
	if role == Extended {
		return MBRExtendedLBA
	}
	alias := "linux"
	switch fs {
	case Swap:
		alias = "swap"
	case FAT32:
		alias = "fat32"
	case FAT12, FAT16:
		alias = "fat16"
	case NTFS, ExFAT:
		alias = "ntfs"
	case LVM2:
		alias = "lvm"
	case Unformatted, Ext2, Ext3, Ext4, XFS, Btrfs, F2FS, LUKS, ISO9660, SquashFS, SwSuspend:
	}
	t, _ := TypeByAlias(kind, alias)
	return t
}

// IsExtendedType reports whether an MBR type id makes its entry an extended partition.
func IsExtendedType(t PartType) bool {
	return t == MBRExtended || t == MBRExtendedLBA || t == MBRExtendedLnx
}

func isHex(s string) bool {
	return strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

func isGUID(s string) bool {
	groups := strings.Split(s, "-")
	if len(groups) != 5 {
		return false
	}
	for i, want := range []int{8, 4, 4, 4, 12} {
		if len(groups[i]) != want || !isHex(groups[i]) {
			return false
		}
	}
	return true
}
