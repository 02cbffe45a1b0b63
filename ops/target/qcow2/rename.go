package qcow2

import (
	"bytes"
	"cmp"
	"fmt"
	"io"

	"shunt/ops/target"
)

// The name of the backing file and its format lie in cluster 0 behind the header. Only the first sector changes by the
// switch. What lies behind it is written before, to bytes that the old header does not use.

// rename writes the name and the format of the new backing file.
func (e *Edit) rename() error {
	if !e.rebases() {
		return nil
	}
	first, err := e.im.Header.renamed(e.im.store, *e.plan.Backing)
	if err != nil {
		return err
	}
	copy(e.sector[8:20], first[8:20])
	copy(e.sector[e.im.headerLength():], first[e.im.headerLength():])
	old := make([]byte, len(first))
	if err := readFull(e.im.store, old, 0); err != nil {
		return err
	}
	from, to := len(first), 0
	for i := sectorLen; i < len(first); i++ {
		if first[i] != old[i] {
			from, to = min(from, i), i+1
		}
	}
	if from >= to {
		return nil
	}
	return e.put(first[from:to], int64(from))
}

// headerLength is where the extensions begin.
func (h *Header) headerLength() int64 {
	if h.Version < 3 {
		return oldHeader
	}
	return int64(be.Uint32(h.sector[100:]))
}

// A nameplate is the beginning of cluster 0, on which another backing file is to stand.
type nameplate struct {
	old   []byte
	chain int64    // behind the last extension and the mark that ends them
	ended bool     // there is that mark
	name  clusters // the bytes of the old name
	// slot is the extension with the format, or one that was dropped; its place is -1 if there is none.
	slot extension
	// tail is where extensions begin that may all be replaced.
	tail int64
}

// mostNameplate is how much of a cluster is used. A longer one has room enough there.
const mostNameplate = 64 << 10

func (h *Header) nameplate(r io.ReaderAt) (nameplate, error) {
	p := nameplate{old: make([]byte, min(h.cluster(), mostNameplate)), slot: extension{at: -1}, tail: -1, chain: h.headerLength()}
	if err := readFull(r, p.old, 0); err != nil {
		return p, err
	}
	if h.Backing != "" {
		at := int64(be.Uint64(h.sector[8:]))
		p.name = clusters{at, at + int64(len(h.Backing))}
	}
	err := h.eachExtension(r, p.chain, func(x extension) error {
		p.chain = x.at + 8 + padded(len(x.data))
		switch x.kind {
		case extFormat, extDropped:
			if p.tail < 0 {
				p.tail = x.at
			}
			if x.kind == extFormat || p.slot.at < 0 {
				p.slot = x
			}
		default:
			p.tail = -1
		}
		return nil
	})
	if p.tail < 0 {
		p.tail = p.chain
	}
	if p.ended = p.chain+8 <= cmp.Or(p.name.start, h.cluster()); p.ended {
		p.chain += 8
	}
	return p, err
}

func padded(n int) int64 { return ceil(int64(n), 8) * 8 }

// renamed returns the beginning of cluster 0 with another backing file. It fails with *Refused if there is no room for its
// name. The first sector has to be written last. Behind it only bytes differ that the old header does not use.
func (h *Header) renamed(r io.ReaderAt, to target.NewBacking) ([]byte, error) {
	p, err := h.nameplate(r)
	if err != nil {
		return nil, err
	}
	for _, layout := range p.layouts(to) {
		now, end, ok := layout()
		for _, at := range []int64{end, max(end, p.name.end)} {
			if !ok || at+int64(len(to.Name)) > int64(len(now)) {
				continue
			}
			try := bytes.Clone(now)
			clear(try[8:20])
			if to.Name != "" {
				copy(try[at:], to.Name)
				be.PutUint64(try[8:], uint64(at))
				be.PutUint32(try[16:], uint32(len(to.Name)))
			}
			if p.possible(try) {
				return try, nil
			}
		}
	}
	return nil, &Refused{
		Why: fmt.Sprintf("has no room in its first cluster of %d bytes for a backing file with the name %q", h.cluster(), to.Name),
		Do:  "choose a shorter name, or make a new overlay with `qemu-img convert`",
	}
}

// A layout returns the cluster with the format of the backing file, and where its extensions end. ok is false if that is not
// possible.
type layout func() (now []byte, end int64, ok bool)

// layouts returns the ways to store the format, those that leave least behind first.
func (p *nameplate) layouts(to target.NewBacking) []layout {
	if to.Name == "" {
		return []layout{p.endTail, p.forget}
	}
	list := []layout{
		func() ([]byte, int64, bool) { return p.inSlot(to.Format) },
		func() ([]byte, int64, bool) { return p.inTail(to.Format, p.tail) },
	}
	for _, at := range []int64{p.tail + 8, p.chain, p.name.end} {
		at = p.tail + padded(int(at-p.tail)) // extensions begin at multiples of 8 from each other
		list = append(list, func() ([]byte, int64, bool) { return p.inTail(to.Format, at) })
	}
	return list
}

// endTail ends the extensions where those begin that may be replaced.
func (p *nameplate) endTail() ([]byte, int64, bool) {
	if p.tail+8 > sectorLen {
		return nil, 0, false
	}
	now := bytes.Clone(p.old)
	clear(now[p.tail : p.tail+8])
	return now, p.tail + 8, true
}

// forget makes the extension with the format one that means nothing.
func (p *nameplate) forget() ([]byte, int64, bool) {
	now := bytes.Clone(p.old)
	if p.slot.kind == extFormat && p.slot.at+4 <= sectorLen {
		be.PutUint32(now[p.slot.at:], extDropped)
	}
	return p.end(now, p.chain)
}

// end writes the mark behind the last extension, if there is none.
func (p *nameplate) end(now []byte, chain int64) ([]byte, int64, bool) {
	if p.ended || chain+8 > int64(len(now)) {
		return now, chain, true
	}
	clear(now[chain : chain+8])
	return now, chain + 8, true
}

// inSlot replaces the extension that has the format, or one that was dropped.
func (p *nameplate) inSlot(format string) ([]byte, int64, bool) {
	need, room := padded(len(format)), padded(len(p.slot.data))
	if p.slot.at < 0 || room < need {
		return nil, 0, false
	}
	now := bytes.Clone(p.old)
	at := putExtension(now, p.slot.at, extFormat, []byte(format))
	if room > need {
		be.PutUint32(now[at:], extDropped)
		be.PutUint32(now[at+4:], uint32(room-need-8))
	}
	return p.end(now, p.chain)
}

// inTail writes the extension to a place at or behind the tail. What lies between is skipped.
func (p *nameplate) inTail(format string, at int64) ([]byte, int64, bool) {
	now := bytes.Clone(p.old)
	if p.tail+8 > sectorLen || at+16+padded(len(format)) > int64(len(now)) || at != p.tail && at < p.tail+8 {
		return nil, 0, false
	}
	if at > p.tail {
		be.PutUint32(now[p.tail:], extDropped)
		be.PutUint32(now[p.tail+4:], uint32(at-p.tail-8))
	}
	end := putExtension(now, at, extFormat, []byte(format))
	clear(now[end : end+8])
	return now, end + 8, true
}

// putExtension writes an extension and returns where it ends.
func putExtension(b []byte, at int64, kind uint32, data []byte) (end int64) {
	be.PutUint32(b[at:], kind)
	be.PutUint32(b[at+4:], uint32(len(data)))
	end = at + 8 + padded(len(data))
	clear(b[at+8 : end])
	copy(b[at+8:], data)
	return end
}

// possible reports whether the bytes behind the first sector differ only where the old header does not use them.
func (p *nameplate) possible(now []byte) bool {
	for i := int64(sectorLen); i < int64(len(now)); i++ {
		if now[i] != p.old[i] && (i < p.chain || p.name.start <= i && i < p.name.end) {
			return false
		}
	}
	return true
}
