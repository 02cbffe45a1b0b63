package image

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// A tablePlace is a part of the disk that belongs to its table.
type tablePlace struct {
	name     string
	from, to int64
}

// tablePlaces returns where the table of a disk lies.
func tablePlaces(d model.Disk) (list []tablePlace) {
	const code = 440 // bytes of boot code in front of the disk signature
	z := int64(d.SectorSize)
	switch d.Table.Kind {
	case model.TableMBR:
		list = []tablePlace{{"boot code", 0, code}, {"table", code, z}}
		for p := range d.Each() {
			if p.EBR > 0 {
				at := int64(d.SectorSize.Bytes(p.EBR))
				list = append(list, tablePlace{"boot record of " + p.Ref(), at, at + z})
			}
		}
	case model.TableGPT:
		size := int64(max(d.Table.EntrySize, 128)) * int64(d.Table.Slots)
		sectors := (size + z - 1) / z
		end := int64(d.Size())
		list = []tablePlace{
			{"boot code", 0, code},
			{"table", code, (2 + sectors) * z},
			{"backup of the table", end - (1+sectors)*z, end},
		}
	case model.TableNone:
	}
	return list
}

// tableWords says how two tables differ.
func tableWords(a, b model.Disk) (list []string) {
	say := func(what, x, y string) {
		if x != y {
			list = append(list, safetext.Printable(fmt.Sprintf("%s: %s instead of %s", what, or(y), or(x))))
		}
	}
	say("table", a.Table.String(), b.Table.String())
	if a.Table.Kind != b.Table.Kind {
		return list
	}
	say("id of the disk", a.Table.ID, b.Table.ID)
	for p := range a.Each() {
		q, ok := b.ByNumber(p.Number)
		if !ok {
			list = append(list, fmt.Sprintf("partition %d is missing: %s, %s", p.Number, p.FS.Word(), size(a, p)))
			continue
		}
		what := fmt.Sprintf("partition %d: ", p.Number)
		say(what+"start", place(a, p.Span.Start), place(b, q.Span.Start))
		say(what+"size", size(a, p), size(b, q))
		say(what+"role", p.Role.String(), q.Role.String())
		say(what+"type", typeOf(a, p), typeOf(b, q))
		say(what+"PARTUUID", p.UUID, q.UUID)
		say(what+"name", p.Name, q.Name)
		flags := func(d model.Disk, p model.Partition) string { return strings.Join(model.Flags(d.Table.Kind, p), " ") }
		say(what+"flags", flags(a, p), flags(b, q))
		if flags(a, p) == flags(b, q) {
			say(what+"attributes", fmt.Sprintf("%#x", p.Attributes), fmt.Sprintf("%#x", q.Attributes))
		}
	}
	for q := range b.Each() {
		if _, ok := a.ByNumber(q.Number); !ok {
			list = append(list, fmt.Sprintf("partition %d is new: %s, %s at %s", q.Number, q.FS.Word(), size(b, q), place(b, q.Span.Start)))
		}
	}
	return list
}

func or(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func place(d model.Disk, at geometry.Sector) string {
	return fmt.Sprintf("byte %d", d.SectorSize.Bytes(at))
}

func size(d model.Disk, p model.Partition) string {
	n := d.SectorSize.Bytes(p.Span.Len())
	return fmt.Sprintf("%s (%d bytes)", geometry.FormatBytes(n), n)
}

func typeOf(d model.Disk, p model.Partition) string {
	name := model.TypeName(d.Table.Kind, p.Type)
	if name == string(p.Type) {
		return name
	}
	return fmt.Sprintf("%s (%s)", name, p.Type)
}
