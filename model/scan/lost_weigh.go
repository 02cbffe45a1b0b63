package scan

import (
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/table"
)

// headless is the reason to doubt contents when only a copy of the superblock is left.
const headless model.Reason = "its first superblock is gone: a check can restore it from a copy"

// weigh looks at where a lead leads. ok is false if nothing is there, or only a chance hit.
func (s *sweep) weigh(l lead) (found model.Lost, ok bool) {
	w := newWindow(s.r, l.start, s.n-l.start)
	if l.mirror != nil {
		return s.weighCopy(l, w)
	}
	fs, ok := l.row.probe(w)
	if !ok || proofs[fs.Kind] == nil {
		return found, false
	}
	p := proofs[fs.Kind](w, fs)
	n, open := lostLen(w, fs)
	if p.none || n < 0 {
		return found, false
	}
	return s.lost(l.start, n, fs, p, open), true
}

// lost returns what was found.
func (s *sweep) lost(start, n int64, fs model.Filesystem, p proof, open bool) model.Lost {
	z := s.d.SectorSize
	first := geometry.Sector(start / int64(z))
	l := model.Lost{Span: geometry.SpanOf(first, z.Up(geometry.Bytes(n))), FS: fs, Trust: p.trust, Why: []string{p.why}, Open: open}
	if l.Span.End > s.d.Sectors {
		l.Trust, l.Span.End = model.Doubtful, s.d.Sectors
		l.Stays = "its end lies beyond the end of the disk"
	}
	return l
}

// weighCopy looks at what a copy of a superblock tells, if the first one is gone.
func (s *sweep) weighCopy(l lead, w *window) (found model.Lost, ok bool) {
	if s.seen[lead{start: l.start, row: l.row}] {
		if fs, there := l.row.probe(w); there && !proofs[fs.Kind](w, fs).none {
			return found, false // the first one is there
		}
	}
	fs, ok := l.mirror.tells(w, l.at-l.start)
	if !ok || fs.Size <= 0 {
		return found, false
	}
	fs.Dirty = headless
	p := proof{trust: model.Likely, why: fmt.Sprintf("a copy of its superblock lies %s behind its start, but the first one is gone",
		geometry.FormatBytes(geometry.Bytes(l.at-l.start)))}
	found = s.lost(l.start, int64(fs.Size), fs, p, false)
	found.Headless = true
	return found, true
}

// remains looks for what is left of old tables: boot records of logical partitions, and copies of a GPT.
func (s *sweep) remains(b []byte, at int64) {
	const gpt = "EFI PART"
	z := s.d.SectorSize
	if at%int64(z) != 0 || len(s.old) >= mostLeads {
		return
	}
	here := geometry.Sector(at / int64(z))
	if string(b[:len(gpt)]) == gpt {
		parts, _ := table.OldGPT(s.r, z, s.d.Sectors, here)
		for _, p := range parts {
			s.listed(p, model.TableGPT, fmt.Sprintf("a copy of an old GPT at sector %s lists it", geometry.Grouped(here)))
		}
	}
	if string(b[510:]) == bootMark {
		if p, ok := table.OldRecord(b, here, s.d.Sectors); ok {
			s.listed(p, model.TableMBR, fmt.Sprintf("an old boot record at sector %s lists it", geometry.Grouped(here)))
		}
	}
}

// listed records a partition of an old table, unless a partition is there now.
func (s *sweep) listed(p model.Partition, kind model.TableKind, why string) {
	if s.records[p.Span] || slices.ContainsFunc(s.taken, p.Span.Overlaps) {
		return
	}
	s.records[p.Span] = true
	s.old = append(s.old, model.Lost{Span: p.Span, Entry: p, Listed: kind, Trust: model.Likely, Why: []string{why}})
}
