package ops

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"shunt/model"
)

// LabelRule says which labels a kind of file system can have. The zero rule means no labels.
type LabelRule struct {
	// Most is the largest length, in bytes or, if UTF16 is set, in UTF-16 units.
	Most  int
	UTF16 bool
	// DOS allows only upper-case ASCII without the characters that are special in file names.
	DOS bool
}

// Kept returns the label in the form in which the file system stores it.
func (r LabelRule) Kept(label string) string {
	if r.DOS {
		return strings.ToUpper(strings.TrimRight(label, " "))
	}
	return label
}

// Fault returns the reason why a file system of this kind cannot have the label, or "".
func (r LabelRule) Fault(kind model.FSKind, label string) model.Reason {
	kept := r.Kept(label)
	if kept == "" {
		return ""
	}
	if reason := badText(label); reason != "" {
		return model.Because("label %q %s", label, reason)
	}
	length, unit := len(kept), "bytes"
	if r.UTF16 {
		length, unit = len(utf16.Encode([]rune(kept))), "characters"
	}
	if length > r.Most {
		return model.Because("label %q is longer than the %d %s %s can hold", label, r.Most, unit, kind)
	}
	const forbidden = `*?.,;:/\|+=<>[]"`
	notASCII := strings.ContainsFunc(label, func(r rune) bool { return r > unicode.MaxASCII })
	if r.DOS && (notASCII || strings.ContainsAny(label, forbidden)) {
		return model.Because("label %q of a FAT file system can hold ASCII only and none of %s", label, forbidden)
	}
	return ""
}

// nameUnits is the largest length of a name in a GPT entry, in UTF-16 units.
const nameUnits = 36

// badName returns the reason why a GPT entry cannot have the name, or "".
func badName(name string) model.Reason {
	if reason := badText(name); reason != "" {
		return model.Because("name %q %s", name, reason)
	}
	if len(utf16.Encode([]rune(name))) > nameUnits {
		return model.Because("name %q is longer than the %d characters a GPT can hold", name, nameUnits)
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
