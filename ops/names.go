package ops

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"shunt/model"
)

// labelLimit is how long a label each file system can hold, in bytes or, where inUTF16, in units of UTF-16; 0 means that it
// has none.
func labelLimit(kind model.FSKind) int {
	switch kind {
	case model.Ext2, model.Ext3, model.Ext4:
		return 16
	case model.FAT12, model.FAT16, model.FAT32, model.ExFAT:
		return 11
	case model.XFS:
		return 12
	case model.Swap:
		return 15
	case model.NTFS:
		return 128
	case model.Btrfs:
		return 255
	case model.F2FS:
		return 127
	case model.NILFS2:
		return 80
	case model.UDF:
		return 63
	case model.JFS:
		return 11
	case model.ReiserFS:
		return 16
	case model.LUKS:
		return 47
	case model.Unformatted, model.LVM2, model.ISO9660, model.SquashFS, model.SwSuspend:
	}
	return 0
}

// inUTF16 reports whether labels are kept as UTF-16.
func inUTF16(kind model.FSKind) bool {
	return kind == model.ExFAT || kind == model.NTFS || kind == model.UDF
}

// keptLabel is what a file system of this kind makes of a label: FAT has capitals only.
func keptLabel(kind model.FSKind, label string) string {
	switch kind {
	case model.FAT12, model.FAT16, model.FAT32:
		return strings.ToUpper(label)
	}
	return label
}

// badLabel is why a file system of this kind cannot have the label, or "".
func badLabel(kind model.FSKind, label string) string {
	if label == "" {
		return ""
	}
	if reason := badText(label); reason != "" {
		return fmt.Sprintf("label %q %s", label, reason)
	}
	most, length, unit := labelLimit(kind), len(label), "bytes"
	if inUTF16(kind) {
		length, unit = len(utf16.Encode([]rune(label))), "characters"
	}
	if length > most {
		return fmt.Sprintf("label %q is longer than the %d %s %s can hold", label, most, unit, kind)
	}
	if kind == model.FAT12 || kind == model.FAT16 || kind == model.FAT32 {
		const forbidden = `*?.,;:/\|+=<>[]"`
		notASCII := strings.ContainsFunc(label, func(r rune) bool { return r > unicode.MaxASCII })
		if notASCII || strings.ContainsAny(label, forbidden) {
			return fmt.Sprintf("label %q of a FAT file system can hold ASCII only and none of %s", label, forbidden)
		}
	}
	return ""
}

// nameUnits is how many UTF-16 code units a GPT entry holds for the name.
const nameUnits = 36

// badName is why a GPT entry cannot have the name, or "".
func badName(name string) string {
	if reason := badText(name); reason != "" {
		return fmt.Sprintf("name %q %s", name, reason)
	}
	if len(utf16.Encode([]rune(name))) > nameUnits {
		return fmt.Sprintf("name %q is longer than the %d characters a GPT can hold", name, nameUnits)
	}
	return ""
}

func badText(text string) string {
	if !utf8.ValidString(text) {
		return "is not valid UTF-8"
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "holds control characters"
	}
	return ""
}
