package scan

import (
	"context"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// A LostSearch says where Lost looks, and who watches.
type LostSearch struct {
	// Everywhere searches partitions too. Otherwise only what no partition has is searched.
	Everywhere bool
	// Progress is called with the bytes that were searched and those there are in all. It may be nil.
	Progress func(done, total int64)
}

// A LostFinding is the result of a search.
type LostFinding struct {
	Lost []model.Lost // by their positions
	// Unread is how many bytes could not be read. What begins there was not found.
	Unread int64
	// More says that there are more signatures than were followed.
	More bool
}

// mostLeads is how many signatures are followed. Each costs some reads.
const mostLeads = 1 << 14

// Lost looks for partitions that the table of d does not list, on the disk r. It finds them by the signatures of their
// contents, by copies of superblocks elsewhere in them, and by what is left of old tables. It writes nothing, and skips what
// the disk knows to be holes. The error is that of ctx.
func Lost(ctx context.Context, r io.ReaderAt, d model.Disk, how LostSearch) (LostFinding, error) {
	s := &sweep{r: r, d: d, n: int64(d.Size()), seen: map[lead]bool{}, records: map[geometry.Span]bool{}, how: how}
	s.taken = allocated(d)
	where := []geometry.Span{d.Span()}
	if !how.Everywhere {
		where = geometry.Gaps(d.Span(), s.taken)
	}
	if err := s.run(ctx, where); err != nil {
		return LostFinding{}, err
	}
	var found []model.Lost
	for _, l := range s.leads {
		if err := ctx.Err(); err != nil {
			return LostFinding{}, err
		}
		if one, ok := s.weigh(l); ok {
			found = append(found, one)
		}
	}
	return LostFinding{Lost: s.settle(found), Unread: s.unread, More: s.more}, nil
}

// allocated returns what the table, or a file system without one, has of the disk.
func allocated(d model.Disk) (taken []geometry.Span) {
	for p := range d.Each() {
		if p.Role != model.Extended {
			taken = append(taken, p.Span)
		}
	}
	if d.Whole.Known() {
		end := d.SectorSize.Up(d.Whole.Size)
		if end == 0 {
			end = d.Sectors
		}
		taken = append(taken, geometry.Span{End: end})
	}
	return taken
}

// A lead is a place where contents of a kind seem to begin.
type lead struct {
	start  int64
	row    *prober
	mirror *mirror // the copy that says so; nil for the first superblock
	at     int64   // where that copy is
}

// sweep searches a disk once and collects leads.
type sweep struct {
	r       io.ReaderAt
	d       model.Disk
	n       int64
	how     LostSearch
	taken   []geometry.Span
	seen    map[lead]bool
	leads   []lead
	old     []model.Lost // from old tables
	records map[geometry.Span]bool
	unread  int64
	more    bool
}

// piece is how many bytes are read at a time.
const lostPiece = 1 << 20

// run searches the spans for signatures.
func (s *sweep) run(ctx context.Context, where []geometry.Span) error {
	total, done := int64(0), int64(0)
	for _, span := range where {
		total += int64(s.d.SectorSize.Bytes(span.Len()))
	}
	b := &blankness{r: s.r}
	buf := make([]byte, lostPiece)
	for _, span := range where {
		at, end := int64(s.d.SectorSize.Bytes(span.Start)), int64(s.d.SectorSize.Bytes(span.End))
		for at < end {
			from, to, _ := b.data(at, end)
			to = max(to, from) // an empty run at the end
			done, at = done+from-at, from
			for at < to {
				if err := ctx.Err(); err != nil {
					return err
				}
				n := min(to-at, lostPiece-at%lostPiece)
				s.piece(buf[:n], at)
				at, done = at+n, done+n
				if s.how.Progress != nil {
					s.how.Progress(done, total)
				}
			}
		}
	}
	if s.how.Progress != nil {
		s.how.Progress(total, total)
	}
	return nil
}

// piece searches the bytes at a position. Of what cannot be read at once it reads each page.
func (s *sweep) piece(buf []byte, at int64) {
	if n, err := s.r.ReadAt(buf, at); n == len(buf) || err == nil {
		s.look(buf[:n], at)
		return
	}
	if len(buf) <= pageSize {
		s.unread += int64(len(buf))
		return
	}
	for page := range slices.Chunk(buf, pageSize) {
		s.piece(page, at)
		at += int64(len(page))
	}
}

const lostSector = 512 // signatures are looked for in such sectors, whatever the size of those of the disk

var noSignature [lostSector]byte

// look follows the signatures in a piece of the disk.
func (s *sweep) look(b []byte, at int64) {
	for sector := range slices.Chunk(b, lostSector) {
		if len(sector) == lostSector && string(sector) != string(noSignature[:]) {
			s.sector(sector, at)
		}
		at += int64(len(sector))
	}
}

func (s *sweep) sector(b []byte, at int64) {
	for i := range anchors {
		a := &anchors[i]
		if string(b[a.off:a.off+len(a.text)]) != a.text {
			continue
		}
		if a.mirror == nil {
			s.follow(lead{start: at - a.back, row: a.row})
		} else if start, ok := a.mirror.leads(newWindow(s.r, at, s.n-at), at); ok {
			s.follow(lead{start: start, row: a.row, mirror: a.mirror, at: at})
		}
	}
	s.remains(b, at)
}

// follow adds a lead, unless it leads to what the table has, or to no sector.
func (s *sweep) follow(l lead) {
	z := int64(s.d.SectorSize)
	if l.start < 0 || l.start%z != 0 || l.start >= s.n || s.seen[lead{start: l.start, row: l.row}] && l.mirror != nil {
		return
	}
	if first := geometry.Sector(l.start / z); !s.how.Everywhere && slices.ContainsFunc(s.taken, func(t geometry.Span) bool { return t.Contains(first) }) {
		return
	}
	key := lead{start: l.start, row: l.row, mirror: l.mirror}
	if s.seen[key] {
		return
	}
	if len(s.leads) >= mostLeads {
		s.more = true
		return
	}
	s.seen[key] = true
	s.leads = append(s.leads, l)
}
