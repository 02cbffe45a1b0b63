package fsys

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// volumeGroup is the text of a volume group's metadata: nested sections `name { … }` that contain lines `key = value`. It
// is edited in place, so that the rest stays as LVM wrote it.
type volumeGroup struct {
	text []byte
	root *lvmSection
}

// lvmSection is one section of the text.
type lvmSection struct {
	name     string
	values   map[string]lvmValue
	sections []*lvmSection
}

// lvmValue is the position of a value in the text.
type lvmValue struct{ from, to int }

// lvmMostNames limits the sections and values that are read. A group of some ten thousand volumes has that many.
const lvmMostNames = 200_000

var errLVMText = errors.New("its metadata cannot be understood: use `pvresize`")

// nextLVMWord returns the position of the next word from at on: a string, a list, a brace, an equals sign, a name or a
// number. It skips blanks and comments. The word is empty at the end of the text and at a NUL.
func nextLVMWord(text []byte, at int) (v lvmValue, err error) {
	for ; at < len(text) && strings.IndexByte(" \t\r\n#", text[at]) >= 0; at++ {
		if text[at] == '#' {
			comment, _, _ := bytes.Cut(text[at:], []byte{'\n'})
			at = min(at+len(comment), len(text)-1)
		}
	}
	if at == len(text) || text[at] == 0 {
		return lvmValue{at, at}, nil
	}
	list, quoted := text[at] == '[', false
	for to := at; to < len(text); to++ {
		switch c := text[to]; {
		case c == '"' && (to == at || text[to-1] != '\\'):
			if quoted = !quoted; !quoted && !list {
				return lvmValue{at, to + 1}, nil
			}
		case quoted:
		case list && c == ']':
			return lvmValue{at, to + 1}, nil
		case !list && strings.IndexByte(" \t\r\n={}#\x00", c) >= 0:
			return lvmValue{at, max(to, at+1)}, nil
		}
	}
	if list || quoted {
		return v, errLVMText
	}
	return lvmValue{at, len(text)}, nil
}

// parseLVM parses the text of a volume group's metadata.
func parseLVM(text []byte) (volumeGroup, error) {
	file := &lvmSection{}
	if err := file.parse(text); err != nil {
		return volumeGroup{}, err
	}
	for _, s := range file.sections {
		if s.values["seqno"] != (lvmValue{}) {
			return volumeGroup{text, s}, nil
		}
	}
	return volumeGroup{}, errors.New("its metadata does not describe a volume group")
}

// parse parses the text into s, the section that stands for the whole text.
func (s *lvmSection) parse(text []byte) error {
	const deepest = 16
	open := []*lvmSection{s}
	name, assigned := "", false // name is the word before a brace or equals sign
	for at, names := 0, 0; names <= lvmMostNames; {
		v, err := nextLVMWord(text, at)
		if err != nil {
			return err
		}
		word, top := string(text[v.from:v.to]), open[len(open)-1]
		at = v.to
		switch {
		case assigned && word != "" && !strings.Contains("{}=", word):
			top.values[name] = v
			name, assigned = "", false
		case assigned:
			return errLVMText
		case name != "" && word == "=":
			assigned = true
			if top.values == nil {
				top.values = map[string]lvmValue{}
			}
		case name != "" && word == "{" && len(open) <= deepest:
			child := &lvmSection{name: name}
			top.sections, open, name = append(top.sections, child), append(open, child), ""
		case name != "":
			return errLVMText
		case word == "":
			if len(open) > 1 {
				return errLVMText
			}
			return nil
		case word == "}" && len(open) > 1:
			open = open[:len(open)-1]
		case strings.ContainsAny(word[:1], "{}=[\""):
			return errLVMText
		default:
			name = word
			names++
		}
	}
	return errLVMText
}

func (g volumeGroup) word(s *lvmSection, key string) string {
	v := s.values[key]
	return string(g.text[v.from:v.to])
}

func (g volumeGroup) number(s *lvmSection, key string) (int64, error) {
	n, err := strconv.ParseInt(g.word(s, key), 10, 62)
	if err != nil || n < 0 {
		return 0, errLVMText
	}
	return n, nil
}

// volume returns the section of the physical volume with this UUID. count is the number of physical volumes in the group,
// and extents the number of extents that fit before byte n. It fails if the extents in use do not fit.
func (g volumeGroup) volume(uuid string, n int64) (pv *lvmSection, count int, extents int64, err error) {
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
			used, err3 := g.number(pv, "pe_count")
			sectors := n / lvmSector
			switch {
			case err != nil || err2 != nil || err3 != nil || extent < 1:
				return nil, 0, 0, errLVMText
			case start > sectors || used > (sectors-start)/extent:
				return nil, 0, 0, fmt.Errorf("its extents go beyond byte %d, where the room for them ends", n)
			}
			return pv, len(s.sections), (sectors - start) / extent, nil
		}
	}
	return nil, 0, 0, errors.New("its volume group does not list it: run `vgck`")
}

// grown returns the text after the physical volume has grown to n bytes. Its extents end before byte end.
func (g volumeGroup) grown(uuid string, end, n int64) ([]byte, error) {
	pv, count, extents, err := g.volume(uuid, end)
	switch {
	case err != nil:
		return nil, err
	case count > 1:
		return nil, fmt.Errorf("its volume group has %d physical volumes, and each of them holds metadata that would "+
			"have to change: make another partition in the free space and add that with `vgextend`", count)
	case strings.Contains(g.word(g.root, "status"), `"EXPORTED"`):
		return nil, errors.New("its volume group is exported: import it first (vgimport)")
	}
	sequence, err := g.number(g.root, "seqno")
	if err != nil {
		return nil, err
	}
	type edit struct {
		lvmValue
		n int64
	}
	edits := []edit{{pv.values["pe_count"], extents}, {g.root.values["seqno"], sequence + 1}}
	if v, ok := pv.values["dev_size"]; ok {
		edits = append(edits, edit{v, n / lvmSector})
	}
	// Backwards, so that the positions of earlier values stay valid.
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.from, a.from) })
	text := bytes.Clone(g.text)
	for _, e := range edits {
		text = slices.Replace(text, e.from, e.to, strconv.AppendInt(nil, e.n, 10)...)
	}
	return text, nil
}
