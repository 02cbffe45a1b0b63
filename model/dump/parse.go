package dump

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"shunt/geometry"
	"shunt/model"
)

// Error is a fault of a dump.
type Error struct {
	Line int    // counted from 1; 0 for a fault of the whole
	Msg  string // what is wrong and what is allowed
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return "table dump: " + e.Msg
	}
	return fmt.Sprintf("table dump line %d: %s", e.Line, e.Msg)
}

// Limits of a dump, so that no input needs much memory or time.
const (
	// MaxBytes is the length of the longest dump that is read. One of 1024 partitions, the most that shunt edits, is shorter.
	MaxBytes = 512 << 10
	maxParts = 1024
	maxSlots = 32768   // 4 MiB of entries
	maxLBA   = 1 << 50 // beyond every disk
)

// Parse reads a dump. Every error is a *Error.
func Parse(text string) (Table, error) {
	p := parser{}
	if len(text) > MaxBytes {
		return p.table, &Error{Msg: fmt.Sprintf("it is longer than %d bytes", MaxBytes)}
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		p.at = i + 1
		if err := p.line(line); err != nil {
			return Table{}, &Error{p.at, err.Error()}
		}
	}
	if err := p.finish(); err != nil {
		return Table{}, err
	}
	return p.table, nil
}

type parser struct {
	at      int // the line, counted from 1
	table   Table
	headers []string // seen
	parts   []parsed
}

// parsed is a partition whose type waits for the kind of table.
type parsed struct {
	line   int
	fields map[string]string
	number int
}

// line parses a line that is neither empty nor a comment. As for sfdisk, a line with "=" is a partition.
func (p *parser) line(line string) error {
	equals := strings.IndexByte(line, '=')
	name, value, found := strings.Cut(line, ":")
	switch {
	case equals >= 0:
		return p.partition(line, equals)
	case !found:
		return fmt.Errorf("%q is neither a header nor a partition of a dump, which has start= and size=", shortened(line))
	case len(p.parts) > 0:
		return fmt.Errorf("the header %q follows a partition: headers come first", shortened(strings.TrimSpace(name)))
	}
	return p.header(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value))
}

// shortened returns the beginning of a text for an error.
func shortened(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// headerNames are the headers of sfdisk.
var headerNames = []string{"label", "label-id", "device", "unit", "first-lba", "last-lba", "table-length", "grain", "sector-size"}

func (p *parser) header(name, value string) (err error) {
	t := &p.table
	if !slices.Contains(headerNames, name) {
		return fmt.Errorf("%q is not a header: these are %s", shortened(name), strings.Join(headerNames, ", "))
	}
	if slices.Contains(p.headers, name) {
		return fmt.Errorf("the header %s is given twice: leave one", name)
	}
	p.headers = append(p.headers, name)
	switch name {
	case "label":
		kind, known := model.TableKindByName(value)
		if t.Kind = kind; !known {
			return fmt.Errorf("a table of the kind %q is not edited: only dos and gpt are", shortened(value))
		}
	case "label-id":
		t.ID = strings.ToLower(value)
	case "unit":
		if value != "sectors" {
			return fmt.Errorf("the unit %q is not known: a dump is in sectors", shortened(value))
		}
	case "first-lba":
		t.First, err = sector(name, value)
	case "last-lba":
		t.Last, err = sector(name, value)
	case "table-length":
		if t.Slots, err = strconv.Atoi(value); err != nil || t.Slots < 1 || t.Slots > maxSlots {
			return fmt.Errorf("the table-length %q is not a number of entries from 1 to %d", shortened(value), maxSlots)
		}
	case "sector-size":
		n, _ := strconv.Atoi(value)
		if t.SectorSize = geometry.SectorSize(n); !t.SectorSize.Valid() {
			return fmt.Errorf("the sector-size %q is neither 512 nor 4096", shortened(value))
		}
	}
	return err // "device" and "grain" say nothing about the table
}

// sector parses a number of sectors.
func sector(what, text string) (geometry.Sector, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n > maxLBA {
		return 0, fmt.Errorf("%s=%s is not a number of sectors: a dump has plain numbers", what, shortened(text))
	}
	return geometry.Sector(n), nil
}

// finish checks what needs all lines.
func (p *parser) finish() error {
	t := &p.table
	if t.Kind == model.TableNone {
		if len(p.headers) == 0 && len(p.parts) == 0 {
			return &Error{Msg: "it has no headers and no partitions: nothing would be left of the table"}
		}
		t.Kind = model.TableMBR // dumps of old versions did not say
	}
	if err := p.checkID(); err != nil {
		return &Error{Msg: err.Error()}
	}
	if t.Kind == model.TableMBR {
		t.First, t.Last, t.Slots = 0, 0, 0
	}
	if t.Last != 0 && t.Last < t.First {
		return &Error{Msg: fmt.Sprintf("first-lba %d is behind last-lba %d", t.First, t.Last)}
	}
	extended, lines := false, map[string]int{}
	for _, raw := range p.parts {
		part, err := t.part(raw, &extended)
		if err != nil {
			return &Error{raw.line, err.Error()}
		}
		if at, twice := lines[part.UUID]; twice && part.UUID != "" {
			return &Error{raw.line, fmt.Sprintf("the partition of line %d has the uuid %s too: leave it out of one of them, which gets a new one then", at, part.UUID)}
		}
		lines[part.UUID] = raw.line
		t.Parts = append(t.Parts, part)
	}
	return nil
}

// checkID refuses an ID that does not go with the kind of table.
func (p *parser) checkID() error {
	t := &p.table
	switch {
	case t.ID == "":
		return nil
	case t.Kind == model.TableGPT:
		id, err := uuid.Parse(t.ID)
		if err != nil || len(t.ID) != len(uuid.Nil.String()) {
			return fmt.Errorf("label-id %q is not a GUID", shortened(t.ID))
		}
		t.ID = id.String()
		return nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(t.ID, "0x"), 16, 32)
	if err != nil {
		return fmt.Errorf("label-id %q is not a disk signature such as 0x1234abcd", shortened(t.ID))
	}
	t.ID = fmt.Sprintf("0x%08x", n)
	return nil
}
