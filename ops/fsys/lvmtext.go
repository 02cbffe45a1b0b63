package fsys

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// volumeGroup is the text of a volume group's metadata: nested sections of the form `name { … }` with lines of the form
// `key = value`. It is changed in place, so that everything else stays as LVM wrote it.
type volumeGroup struct {
	text []byte
	root lvmSection
}

// lvmSection is one section of the text.
type lvmSection struct {
	name     string
	values   map[string]lvmValue
	sections []lvmSection
}

// lvmValue is where a value lies in the text.
type lvmValue struct{ from, to int }

// parseLVM reads the text.
func parseLVM(text []byte) (volumeGroup, error) {
	p := lvmParser{text: text}
	file := lvmSection{}
	if err := p.section(&file, 0); err != nil {
		return volumeGroup{}, err
	}
	for _, s := range file.sections {
		if s.values["seqno"] != (lvmValue{}) {
			return volumeGroup{text, s}, nil
		}
	}
	return volumeGroup{}, errors.New("its metadata describe no volume group")
}

// lvmMostNames bounds the sections and values that are read. A group of some ten thousand volumes has that many.
const lvmMostNames = 200_000

type lvmParser struct {
	text  []byte
	at    int
	names int
}

var errLVMText = errors.New("its metadata cannot be understood: use `pvresize`")

// section reads up to the closing brace, or to the end at depth 0.
func (p *lvmParser) section(s *lvmSection, depth int) error {
	const deepest = 16
	if depth > deepest {
		return errLVMText
	}
	for {
		p.blanks()
		switch {
		case p.at >= len(p.text) || p.text[p.at] == 0:
			if depth > 0 {
				return errLVMText
			}
			return nil
		case p.text[p.at] == '}':
			p.at++
			if depth == 0 {
				return errLVMText
			}
			return nil
		}
		from := p.at
		for p.at < len(p.text) && !strings.ContainsRune(" \t\n={}\x00", rune(p.text[p.at])) {
			p.at++
		}
		name := string(p.text[from:p.at])
		p.blanks()
		if p.names++; name == "" || p.at >= len(p.text) || p.names > lvmMostNames {
			return errLVMText
		}
		p.at++
		switch p.text[p.at-1] {
		case '{':
			child := lvmSection{name: name}
			if err := p.section(&child, depth+1); err != nil {
				return err
			}
			s.sections = append(s.sections, child)
		case '=':
			v, err := p.value()
			if err != nil {
				return err
			}
			if s.values == nil {
				s.values = map[string]lvmValue{}
			}
			s.values[name] = v
		default:
			return errLVMText
		}
	}
}

// blanks skips blanks and comments.
func (p *lvmParser) blanks() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		case '#':
			n := bytes.IndexByte(p.text[p.at:], '\n')
			if n < 0 {
				n = len(p.text) - p.at
			}
			p.at += n
		default:
			return
		}
	}
}

// value skips a number, a string or a list.
func (p *lvmParser) value() (lvmValue, error) {
	p.blanks()
	v := lvmValue{from: p.at}
	quoted, list := false, false
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"' && p.text[p.at-1] != '\\':
			quoted = !quoted
		case quoted:
		case c == '[':
			list = true
		case c == ']':
			p.at++
			return lvmValue{v.from, p.at}, nil
		case list:
		case c == '\n' || c == ' ' || c == '\t' || c == '#' || c == '}' || c == 0:
			return lvmValue{v.from, p.at}, nil
		}
	}
	return v, errLVMText
}

func (g volumeGroup) word(s lvmSection, key string) string {
	v := s.values[key]
	return string(g.text[v.from:v.to])
}

func (g volumeGroup) number(s lvmSection, key string) (int64, error) {
	n, err := strconv.ParseInt(g.word(s, key), 10, 62)
	if err != nil || n < 0 {
		return 0, errLVMText
	}
	return n, nil
}

// volume returns the section of the physical volume with the UUID. It must be the only one and fit into n bytes.
func (g volumeGroup) volume(uuid string, n int64) (lvmSection, error) {
	for _, s := range g.root.sections {
		if s.name != "physical_volumes" {
			continue
		}
		for _, pv := range s.sections {
			if strings.NewReplacer("-", "", `"`, "").Replace(g.word(pv, "id")) != uuid {
				continue
			}
			extent, err := g.number(g.root, "extent_size")
			start, err2 := g.number(pv, "pe_start")
			count, err3 := g.number(pv, "pe_count")
			sectors := n / lvmSector
			switch {
			case err != nil || err2 != nil || err3 != nil || extent < 1:
				return pv, errLVMText
			case start > sectors || count > (sectors-start)/extent:
				return pv, fmt.Errorf("its extents end behind byte %d, where its partition ends", n)
			}
			return pv, nil
		}
	}
	return lvmSection{}, errors.New("its volume group does not know it: run `vgck`")
}

// grown returns the text for a physical volume that has become n bytes long.
func (g volumeGroup) grown(uuid string, n int64) ([]byte, error) {
	pv, err := g.volume(uuid, n)
	if err != nil {
		return nil, err
	}
	for _, s := range g.root.sections {
		if s.name == "physical_volumes" && len(s.sections) > 1 {
			return nil, fmt.Errorf("its volume group has %d physical volumes, and the metadata on all of them would have to change: "+
				"make another partition in the free space and add that with `vgextend`", len(s.sections))
		}
	}
	if strings.Contains(g.word(g.root, "status"), `"EXPORTED"`) {
		return nil, errors.New("its volume group is exported: import it first (vgimport)")
	}
	extent, _ := g.number(g.root, "extent_size")
	start, _ := g.number(pv, "pe_start")
	sequence, err := g.number(g.root, "seqno")
	if err != nil {
		return nil, err
	}
	sectors := n / lvmSector
	type edit struct {
		at lvmValue
		n  int64
	}
	edits := []edit{{pv.values["pe_count"], (sectors - start) / extent}, {g.root.values["seqno"], sequence + 1}}
	if v, ok := pv.values["dev_size"]; ok {
		edits = append(edits, edit{v, sectors})
	}
	// Backwards, so that earlier places stay valid.
	text := bytes.Clone(g.text)
	for len(edits) > 0 {
		last := 0
		for i, e := range edits {
			if e.at.from > edits[last].at.from {
				last = i
			}
		}
		e := edits[last]
		edits = append(edits[:last], edits[last+1:]...)
		text = append(text[:e.at.from:e.at.from], append(strconv.AppendInt(nil, e.n, 10), text[e.at.to:]...)...)
	}
	return text, nil
}
