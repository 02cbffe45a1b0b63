package lvmtext

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sector is the unit of positions in the text.
const sector = 512

// Volume is what the text says of one physical volume.
type Volume struct {
	Extent int64 // the length of an extent in bytes
	Start  int64 // where the first extent begins, in bytes
	Count  int64 // the number of extents
	Taken  int64 // how many of them logical volumes use
	End    int64 // the number of extents up to the last used one

	section *section
}

// Volumes returns how many physical volumes the group has.
func (g Group) Volumes() (n int) {
	for _, s := range g.within("physical_volumes") {
		n += len(s.sections)
	}
	return n
}

// within returns the sections of the group with this name. There should be one at most.
func (g Group) within(name string) (list []*section) {
	for _, s := range g.root.sections {
		if s.name == name {
			list = append(list, s)
		}
	}
	return list
}

// Volume returns the physical volume with this UUID, without dashes.
func (g Group) Volume(uuid string) (Volume, error) {
	for _, s := range g.within("physical_volumes") {
		for _, pv := range s.sections {
			if strings.NewReplacer("-", "", `"`, "").Replace(g.word(pv, "id")) == uuid {
				return g.volume(pv)
			}
		}
	}
	return Volume{}, errors.New("its volume group does not list it: run `vgck`")
}

func (g Group) volume(pv *section) (Volume, error) {
	const most = 1 << 62 / sector
	extent, err := g.number(g.root, "extent_size")
	start, err2 := g.number(pv, "pe_start")
	count, err3 := g.number(pv, "pe_count")
	if err != nil || err2 != nil || err3 != nil || extent < 1 || start > most || count > (most-start)/extent {
		return Volume{}, errText
	}
	v := Volume{Extent: extent * sector, Start: start * sector, Count: count, section: pv}
	for _, list := range g.within("logical_volumes") {
		for _, lv := range list.sections {
			for _, segment := range lv.sections {
				if err := g.taken(&v, segment); err != nil {
					return Volume{}, err
				}
			}
		}
	}
	return v, nil
}

// taken adds the extents that a segment of a logical volume uses. A segment lists the volume by its name, with the first
// extent behind it: `stripes = ["pv0", 12, "pv1", 0]`. Other lists have the same form.
func (g Group) taken(v *Volume, segment *section) error {
	for key := range segment.values {
		text, isList := strings.CutPrefix(g.word(segment, key), "[")
		if !isList {
			continue
		}
		items := strings.Split(strings.TrimSuffix(text, "]"), ",")
		for i := range len(items) - 1 {
			first, err := strconv.ParseInt(strings.TrimSpace(items[i+1]), 10, 62)
			if strings.TrimSpace(items[i]) != `"`+v.section.name+`"` || err != nil {
				continue
			}
			n, err := g.number(segment, "extent_count")
			if stripes, bad := g.number(segment, "stripe_count"); key == "stripes" && bad == nil && stripes > 0 {
				n = (n + stripes - 1) / stripes
			}
			if err != nil || first < 0 || first > v.Count || n > v.Count-first {
				return errText
			}
			v.Taken, v.End = v.Taken+n, max(v.End, first+n)
		}
	}
	return nil
}

// Fits returns how many extents of the volume end before byte n.
func (v Volume) Fits(n int64) int64 { return max(0, n-v.Start) / v.Extent }

// Resized returns the text after the physical volume with this UUID got n bytes, and as many extents as end before byte
// end. It fails if that does not hold the extents in use, or if the text is not the whole truth about the group.
func (g Group) Resized(uuid string, end, n int64) ([]byte, error) {
	v, err := g.Volume(uuid)
	switch {
	case err != nil:
		return nil, err
	case g.Volumes() > 1:
		return nil, fmt.Errorf("its volume group has %d physical volumes, and each of them holds metadata that would "+
			"have to change: make another partition in the free space and add that with `vgextend`", g.Volumes())
	case strings.Contains(g.word(g.root, "status"), `"EXPORTED"`):
		return nil, errors.New("its volume group is exported: import it first (vgimport)")
	case v.End > v.Fits(end):
		return nil, fmt.Errorf("logical volumes use its extents up to byte %d, and the room for extents would end at byte %d: "+
			"move them first (pvmove)", v.Start+v.End*v.Extent, end)
	}
	sequence, err := g.number(g.root, "seqno")
	if err != nil {
		return nil, err
	}
	type edit struct {
		value
		n int64
	}
	edits := []edit{{v.section.values["pe_count"], v.Fits(end)}, {g.root.values["seqno"], sequence + 1}}
	if at, ok := v.section.values["dev_size"]; ok {
		edits = append(edits, edit{at, n / sector})
	}
	// Backwards, so that the positions of earlier values stay valid.
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.from, a.from) })
	text := bytes.Clone(g.text)
	for _, e := range edits {
		text = slices.Replace(text, e.from, e.to, strconv.AppendInt(nil, e.n, 10)...)
	}
	return text, nil
}
