package dump

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

// fieldNames are the fields of a partition in a dump. "id" is what old versions call the type.
var fieldNames = []string{"start", "size", "type", "id", "uuid", "name", "attrs", "bootable"}

// partition parses the line of a partition, in which the first "=" is at equals.
func (p *parser) partition(line string, equals int) error {
	raw := parsed{line: p.at, fields: map[string]string{}, number: len(p.parts) + 1}
	if colon := strings.LastIndexByte(line[:equals], ':'); colon >= 0 {
		node := strings.TrimSpace(line[:colon])
		digits := node[len(strings.TrimRight(node, "0123456789")):]
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || n > maxSlots {
			return fmt.Errorf("%q does not end in the number of a partition", shortened(node))
		}
		raw.number, line = n, line[colon+1:]
	}
	if len(p.parts) == maxParts {
		return fmt.Errorf("there are more than %d partitions", maxParts)
	}
	if slices.ContainsFunc(p.parts, func(other parsed) bool { return other.number == raw.number }) {
		return fmt.Errorf("partition %d is given twice: leave one", raw.number)
	}
	for line = strings.TrimSpace(line); line != ""; {
		var name, value string
		var err error
		if name, value, line, err = field(line); err != nil {
			return err
		}
		if name == "id" {
			name = "type"
		}
		if _, twice := raw.fields[name]; twice {
			return fmt.Errorf("%s is given twice: leave one", name)
		}
		raw.fields[name] = value
	}
	if size := raw.fields["size"]; strings.Trim(size, "0") == "" && size != "" {
		return nil // old versions write the entries that are not in use
	}
	p.parts = append(p.parts, raw)
	return nil
}

// field parses the field at the start of a line and returns the rest of the line.
func field(line string) (name, value, rest string, err error) {
	end := strings.IndexAny(line, "=, \t")
	if end < 0 {
		end = len(line)
	}
	name, rest = strings.ToLower(line[:end]), strings.TrimSpace(line[end:])
	if !slices.Contains(fieldNames, name) {
		return "", "", "", fmt.Errorf("%q is not a field of a partition: these are %s", shortened(name), strings.Join(fieldNames, ", "))
	}
	switch after, ok := strings.CutPrefix(rest, "="); {
	case !ok && name != "bootable":
		return "", "", "", fmt.Errorf("%s has no value", name)
	case ok && name == "bootable":
		return "", "", "", errors.New("bootable has no value: leave it out if the partition is not")
	case ok:
		if value, rest, err = valueOf(strings.TrimSpace(after)); err != nil {
			return "", "", "", fmt.Errorf("%s: %w", name, err)
		}
	}
	if rest = strings.TrimSpace(rest); rest != "" {
		after, ok := strings.CutPrefix(rest, ",")
		if !ok {
			return "", "", "", fmt.Errorf("a comma is missing behind %s", name)
		}
		rest = strings.TrimSpace(after)
	}
	return name, value, rest, nil
}

// valueOf parses the value at the start of a text, with or without quotes.
func valueOf(text string) (value, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		value, rest, err = unquoted(text)
	} else {
		end := strings.IndexAny(text, ", \t")
		if end < 0 {
			end = len(text)
		}
		value, rest = text[:end], text[end:]
	}
	if err == nil && !utf8.ValidString(value) {
		err = errors.New("the text is not UTF-8")
	}
	return value, rest, err
}

// unquoted parses the quoted text at the start of a text.
func unquoted(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:], nil
		case strings.HasPrefix(text[i:], `\x`) && i+4 <= len(text):
			n, err := strconv.ParseUint(text[i+2:i+4], 16, 8)
			if err != nil {
				return "", "", fmt.Errorf(`%q is not an escape: \x and two hexadecimal digits are`, text[i:i+4])
			}
			b.WriteByte(byte(n))
			i += 3
		default:
			b.WriteByte(text[i])
		}
	}
	return "", "", errors.New("the quote is not closed")
}

// part makes a partition of its fields. extended says whether there was an extended one.
func (t *Table) part(raw parsed, extended *bool) (p model.Partition, err error) {
	for _, name := range []string{"start", "size"} {
		if _, ok := raw.fields[name]; !ok {
			return p, fmt.Errorf("%s is missing: a dump says where each partition is", name)
		}
	}
	start, err := sector("start", raw.fields["start"])
	if err != nil {
		return p, err
	}
	size, err := sector("size", raw.fields["size"])
	if err != nil {
		return p, err
	}
	p = model.Partition{Number: raw.number, Span: geometry.SpanOf(start, size)}
	_, p.Active = raw.fields["bootable"]
	if t.Kind == model.TableMBR {
		return p, t.entryOfMBR(&p, raw, extended)
	}
	return p, entryOfGPT(&p, raw)
}

// entryOfMBR sets role and type.
func (t *Table) entryOfMBR(p *model.Partition, raw parsed, extended *bool) error {
	for _, name := range []string{"uuid", "name", "attrs"} {
		if _, ok := raw.fields[name]; ok {
			return fmt.Errorf("a partition of an MBR has no %s", name)
		}
	}
	code, ok := raw.fields["type"]
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(code), "0x"), 16, 8)
	switch {
	case !ok:
		return errors.New("type is missing: a dump has the code of each, such as type=83")
	case err != nil || len(code) == 1 && code >= "A" && code <= "F":
		return fmt.Errorf("type %q is not a code: a dump has hexadecimal ones in small letters, such as 83 or c", shortened(code))
	}
	p.Type = model.PartType(fmt.Sprintf("0x%02x", n))
	switch {
	case p.Number >= model.FirstLogical:
		p.Role = model.Logical
	case model.IsExtendedType(p.Type) && !*extended:
		p.Role, *extended = model.Extended, true
	}
	return nil
}

// entryOfGPT sets type, UUID, name and attributes.
func entryOfGPT(p *model.Partition, raw parsed) (err error) {
	if p.Active {
		return errors.New("a partition of a GPT is not bootable: it has the attribute LegacyBIOSBootable")
	}
	code, ok := raw.fields["type"]
	kind, known := model.TypeByAlias(model.TableGPT, code)
	if !ok || !known || len(code) < len(uuid.Nil.String()) {
		return fmt.Errorf("type %q is not a GUID", shortened(code))
	}
	p.Type, p.Name = kind, raw.fields["name"]
	if id, ok := raw.fields["uuid"]; ok {
		u, err := uuid.Parse(id)
		if err != nil || len(id) != len(uuid.Nil.String()) {
			return fmt.Errorf("uuid %q is not a GUID", shortened(id))
		}
		p.UUID = u.String()
	}
	p.Attributes, err = parseAttributes(raw.fields["attrs"])
	return err
}
