// Package dump reads and writes a partition table as text, in the format of sfdisk from util-linux: what `sfdisk --dump`
// prints, and what sfdisk reads as a script. It knows no contents of partitions and touches no disk.
//
// A dump begins with headers, one a line, and has a line for each partition:
//
//	label: gpt
//	label-id: A2D1D692-09E7-40FC-ADCB-D75B8432BDDD
//	device: disk.img
//	unit: sectors
//	first-lba: 34
//	last-lba: 204766
//	sector-size: 512
//
//	disk.img1 : start=2048, size=16384, type=0FC63DAF-…, uuid=48FE7262-…, name="a\x22b", attrs="RequiredPartition GUID:63"
//
// The number of a partition is at the end of its name. Numbers are decimal, types of an MBR hexadecimal without 0x. In
// quoted text \x and two digits stand for a byte of UTF-8. "#" begins a comment line. Scripts that leave out where a
// partition is are for making new tables, and are refused.
package dump

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// Table is what a dump says. What it leaves open is zero.
type Table struct {
	Kind model.TableKind
	// ID is the disk signature ("0x1234abcd") or the disk GUID.
	ID         string
	SectorSize geometry.SectorSize
	// First and Last limit the range for partitions in a GPT. Last is inclusive.
	First, Last geometry.Sector
	// Slots is the number of entries of a GPT.
	Slots int
	// Parts are the partitions in the order of the dump. They have number, role, span, type, UUID, name, attributes and active
	// flag, and nothing else.
	Parts []model.Partition
}

// Of returns the table of a disk.
func Of(d model.Disk) Table {
	t := Table{Kind: d.Table.Kind, ID: d.Table.ID, SectorSize: d.SectorSize}
	if t.Kind == model.TableGPT {
		t.First, t.Last, t.Slots = d.Table.Usable.Start, d.Table.Usable.End-1, d.Table.Slots
	}
	for _, p := range byNumber(d) {
		part := model.Partition{
			Number: p.Number, Role: p.Role, Span: p.Span, Type: p.Type, Name: p.Name, Active: p.Active,
			Attributes: p.Attributes & Expressible,
		}
		if t.Kind == model.TableGPT {
			part.UUID = p.UUID
		}
		t.Parts = append(t.Parts, part)
	}
	return t
}

// byNumber returns the partitions of a disk in the order of their numbers.
func byNumber(d model.Disk) []model.Partition {
	list := make([]model.Partition, 0, 8)
	for n, left := 1, len(d.Partitions()); left > 0 && n <= max(d.Table.Slots, model.FirstLogical+maxLogicals); n++ {
		if p, ok := d.ByNumber(n); ok {
			list = append(list, p)
			left--
		}
	}
	return list
}

// maxLogicals is more logical partitions than any system reads.
const maxLogicals = 256

// Missing returns sentences about what a disk's table holds and a dump cannot, or sfdisk cannot read back.
func Missing(d model.Disk) []string {
	var list []string
	for _, p := range byNumber(d) {
		if reserved := p.Attributes &^ Expressible; reserved != 0 {
			list = append(list, fmt.Sprintf("%s has reserved attribute bits (%#x), which sfdisk's format does not have", p.Ref(), reserved))
		}
		if strings.ContainsFunc(p.Name, func(r rune) bool { return r > 0xffff }) {
			list = append(list, fmt.Sprintf("the name of %s has characters that sfdisk leaves out when it restores the table; shunt restores them", p.Ref()))
		}
	}
	return list
}

// String writes the table with short names of partitions: "p1".
func (t Table) String() string { return t.Text("") }

// Text writes the table for a device or an image with this path. With "" it leaves the path out.
func (t Table) Text(path string) string {
	var b strings.Builder
	header := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	number := func(n int64) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	header("label", labels[t.Kind])
	id := t.ID
	if t.Kind == model.TableGPT {
		id = strings.ToUpper(id)
	}
	header("label-id", id)
	header("device", oneLine(path))
	header("unit", "sectors")
	header("first-lba", number(int64(t.First)))
	header("last-lba", number(int64(t.Last)))
	if t.Slots != usualSlots {
		header("table-length", number(int64(t.Slots)))
	}
	header("sector-size", number(int64(t.SectorSize)))
	if len(t.Parts) > 0 {
		b.WriteByte('\n')
	}
	for _, p := range t.Parts {
		b.WriteString(t.line(p, namePrefix(path)) + "\n")
	}
	return b.String()
}

// labels maps the kinds of tables to what sfdisk calls them.
var labels = map[model.TableKind]string{model.TableMBR: "dos", model.TableGPT: "gpt"}

// usualSlots is the number of entries that a dump does not mention.
const usualSlots = 128

// oneLine returns a path that fits into a header, or "". A line with "=" would be a partition.
func oneLine(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '=' }) {
		return ""
	}
	return path
}

// namePrefix returns the name of a partition up to its number, as sfdisk makes it. A path that would be taken for another
// part of the line is left out.
func namePrefix(path string) string {
	last := len(path) - 1
	switch {
	case last < 0 || oneLine(path) == "" || strings.ContainsAny(path, ":,\"#") || strings.TrimSpace(path) != path:
		return "p"
	case path[last] >= '0' && path[last] <= '9':
		return path + "p"
	}
	return path
}

// line writes one partition.
func (t Table) line(p model.Partition, name string) string {
	words := []string{fmt.Sprintf("start=%12d", p.Span.Start), fmt.Sprintf("size=%12d", p.Span.Len())}
	if t.Kind == model.TableMBR {
		words = append(words, "type="+strings.TrimLeft(strings.TrimPrefix(strings.ToLower(string(p.Type)), "0x"), "0"))
		if strings.HasSuffix(words[2], "=") {
			words[2] += "0"
		}
		if p.Active {
			words = append(words, "bootable")
		}
		return fmt.Sprintf("%s%d : %s", name, p.Number, strings.Join(words, ", "))
	}
	words = append(words, "type="+strings.ToUpper(string(p.Type)))
	if p.UUID != "" {
		words = append(words, "uuid="+strings.ToUpper(p.UUID))
	}
	if p.Name != "" {
		words = append(words, "name="+quoted(p.Name))
	}
	if p.Attributes != 0 {
		words = append(words, "attrs="+quoted(attributesText(p.Attributes)))
	}
	return fmt.Sprintf("%s%d : %s", name, p.Number, strings.Join(words, ", "))
}

// quoted writes text in quotes. What sfdisk takes for more than text is written as bytes.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		if c < ' ' || c >= 0x7f || strings.IndexByte("\"\\$`", c) >= 0 {
			fmt.Fprintf(&b, `\x%02x`, c)
			continue
		}
		b.WriteByte(c)
	}
	b.WriteByte('"')
	return b.String()
}
