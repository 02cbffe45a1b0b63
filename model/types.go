package model

import (
	_ "embed" // types.txt
	"iter"
	"regexp"
	"slices"
	"strings"
)

// typeInfo is one known partition type.
type typeInfo struct {
	mbr   PartType // "" if an MBR has no such type
	gpt   PartType
	alias string // the word for it in plan files and pickers, "" if it cannot be chosen by word
	name  string
	holds content // the expected contents
}

// content is a set of kinds of contents that share partition types.
type content uint

const (
	holdsLinux content = 1 << iota
	holdsSwap
	holdsLVM
	holdsLUKS
	holdsFAT12
	holdsFAT16
	holdsFAT32
	holdsBasic // what Windows reads besides FAT
	holdsRoot  // the root of a Linux system

	holdsFAT = holdsFAT12 | holdsFAT16 | holdsFAT32
)

// contents maps the words in types.txt to these sets.
var contents = map[string]content{
	"linux": holdsLinux, "swap": holdsSwap, "lvm": holdsLVM, "luks": holdsLUKS,
	"fat12": holdsFAT12, "fat16": holdsFAT16, "fat32": holdsFAT32, "basic": holdsBasic, "root": holdsRoot,
}

// Partition types that operations treat specially.
const (
	BIOSBoot       PartType = "21686148-6449-6E6F-744E-656564454649"
	basicData      PartType = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
	MBRExtended    PartType = "0x05"
	MBRExtendedLBA PartType = "0x0f"
	MBRExtendedLnx PartType = "0x85"
)

//go:embed types.txt
var typeTable string

// types lists all known partition types.
var types = parseTypes(typeTable)

// parseTypes parses the rows of types.txt.
func parseTypes(table string) (list []typeInfo) {
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		if len(columns) < 5 || columns[0] == "#" {
			continue
		}
		for i, column := range columns[:4] {
			columns[i] = strings.TrimSuffix(column, "-")
		}
		info := typeInfo{
			mbr: PartType(columns[0]), gpt: PartType(columns[1]), alias: columns[2], name: strings.Join(columns[4:], " "),
		}
		for word := range strings.SplitSeq(columns[3], ",") {
			info.holds |= contents[word]
		}
		list = append(list, info)
	}
	return list
}

// on returns the code of the type in a table of this kind, or "".
func (t typeInfo) on(kind TableKind) PartType {
	return [...]PartType{TableNone: "", TableMBR: t.mbr, TableGPT: t.gpt}[kind]
}

// rowsOf iterates over the rows of a type. A type may have several rows, for different contents.
func rowsOf(kind TableKind, t PartType) iter.Seq[typeInfo] {
	return func(yield func(typeInfo) bool) {
		for _, info := range types {
			if t != "" && strings.EqualFold(string(info.on(kind)), string(t)) && !yield(info) {
				return
			}
		}
	}
}

// TypeName returns the name of a partition type, or its code if the type is unknown.
func TypeName(kind TableKind, t PartType) string {
	if t == "" {
		return "unknown"
	}
	// On a GPT one GUID stands for all file systems of Windows. Its name is in the row without an MBR type.
	name := string(t)
	for info := range rowsOf(kind, t) {
		name = info.name
		if kind == TableMBR || info.mbr == "" {
			break
		}
	}
	return name
}

var (
	mbrCode = regexp.MustCompile(`(?i)^0x[0-9a-f]{2}$`)
	gptCode = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// TypeByAlias returns the partition type for a word such as "esp", "linux", "swap", "lvm", "raid", "bios-boot" or
// "fat32". It also accepts the code of a type: "0x83" for an MBR, a GUID for a GPT. ok is false if the word has no
// meaning on this kind of table.
func TypeByAlias(kind TableKind, alias string) (t PartType, ok bool) {
	for _, info := range types {
		if alias != "" && info.alias == strings.ToLower(alias) && info.on(kind) != "" {
			return info.on(kind), true
		}
	}
	switch {
	case kind == TableMBR && mbrCode.MatchString(alias):
		return PartType(strings.ToLower(alias)), true
	case kind == TableGPT && gptCode.MatchString(alias):
		return PartType(strings.ToUpper(alias)), true
	}
	return "", false
}

// TypeAliases returns the words that TypeByAlias accepts for this kind of table.
func TypeAliases(kind TableKind) []string {
	var words []string
	for _, info := range types {
		if info.alias != "" && info.on(kind) != "" {
			words = append(words, info.alias)
		}
	}
	return words
}

// DefaultType returns the type of a new partition with these contents.
func DefaultType(kind TableKind, role Role, fs FSKind) PartType {
	if role == Extended {
		return MBRExtendedLBA
	}
	t, ok := TypeByAlias(kind, fs.info().typed)
	if !ok { // only the other kind of table has a type for it
		t, _ = TypeByAlias(kind, Unformatted.info().typed)
	}
	return t
}

// TypeFor returns the type for a partition of type t after it gets these contents. It keeps t unless t is known to be for
// other contents. Otherwise it returns the default type, hidden if t was hidden.
func TypeFor(kind TableKind, t PartType, fs FSKind) PartType {
	known := false
	for info := range rowsOf(kind, t) {
		known = true
		if info.holds&fs.info().holds != 0 {
			return t
		}
	}
	if !known || fs == Unformatted {
		return t
	}
	suited := DefaultType(kind, Primary, fs)
	if _, hidden := hiddenTypes.variant(t, first); kind == TableMBR && hidden {
		suited, _ = hiddenTypes.variant(suited, second)
	}
	return suited
}

// GPTType translates the type t of an MBR partition that holds a file system of this kind.
func GPTType(t PartType, fs FSKind) PartType {
	t, _ = hiddenTypes.variant(t, first)
	for info := range rowsOf(TableMBR, t) {
		switch {
		case info.gpt != "":
			return info.gpt
		case info.holds&(holdsFAT|holdsBasic) != 0:
			return basicData
		}
	}
	return DefaultType(TableGPT, Primary, fs)
}

// MBRType translates the type t of a GPT partition that holds a file system of this kind.
func MBRType(t PartType, fs FSKind) PartType {
	for info := range rowsOf(TableGPT, t) {
		if t != basicData && info.mbr != "" {
			return info.mbr
		}
	}
	return DefaultType(TableMBR, Primary, fs)
}

// IsExtendedType reports whether t is the MBR type of an extended partition.
func IsExtendedType(t PartType) bool {
	return t == MBRExtended || t == MBRExtendedLBA || t == MBRExtendedLnx
}

// dynamicTypes are the types of partitions of a dynamic disk.
var dynamicTypes = []PartType{
	"0x42", "5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", "AF9B60A0-1431-4F62-BC68-3311714A69AD",
}

// IsDynamic reports whether t is a type of a dynamic disk of Windows. A database at the end of such a disk says where its
// volumes are; the table does not.
func IsDynamic(t PartType) bool {
	return slices.ContainsFunc(dynamicTypes, func(d PartType) bool { return strings.EqualFold(string(d), string(t)) })
}

// recoveryTypes are the types of partitions from which a system is repaired or set up again: those of Windows, and those of
// makers of computers.
var recoveryTypes = []PartType{"0x12", "0x27", "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "E2A1E728-32E3-11D6-A682-7B03A0000000"}

// IsRecovery reports whether t is the type of a recovery partition.
func IsRecovery(t PartType) bool {
	return slices.ContainsFunc(recoveryTypes, func(r PartType) bool { return strings.EqualFold(string(r), string(t)) })
}

// IsRoot reports whether t says that the partition holds the root of a Linux system, for some architecture.
func IsRoot(t PartType) bool {
	for info := range rowsOf(TableGPT, t) {
		if info.holds&holdsRoot != 0 {
			return true
		}
	}
	return false
}

// NoPartition reports whether t marks an entry that is not a partition.
func NoPartition(t PartType) bool {
	return t == "0x00" || t == "0xee" || t == "00000000-0000-0000-0000-000000000000"
}

// TypeEntry is a partition type for a list.
type TypeEntry struct {
	Code  PartType
	Name  string
	Alias string // the word for it in plan files, or ""
}

// SearchTypes returns the types of this kind of table that contain each word of text in their name, alias or code, common
// ones first. Letter case does not matter. It leaves out extended types and types of entries that are not a partition. An
// empty text matches all types.
func SearchTypes(kind TableKind, text string) []TypeEntry {
	words := strings.Fields(strings.ToLower(text))
	var list []TypeEntry
	for _, info := range types {
		code := info.on(kind)
		entry := TypeEntry{Code: code, Name: TypeName(kind, code), Alias: info.alias}
		known := func(e TypeEntry) bool { return e.Code == code }
		if code == "" || IsExtendedType(code) || NoPartition(code) || slices.ContainsFunc(list, known) {
			continue
		}
		all := strings.ToLower(strings.Join([]string{string(code), entry.Name, info.name, info.alias}, "\n"))
		missing := func(w string) bool { return !strings.Contains(all, w) }
		if !slices.ContainsFunc(words, missing) {
			list = append(list, entry)
		}
	}
	return list
}
