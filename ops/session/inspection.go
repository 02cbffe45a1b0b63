package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/guide"
	"shunt/ops/inspect"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/worker"
)

// Viewer looks at a target without changing anything. Its methods may be called from any goroutine.
type Viewer struct {
	path   string // as people call it
	opts   Options
	target target.Target
	disk   model.Disk
	facts  report.Facts
}

// View opens a target to look at it. Targets in use can be looked at: Facts tell by whom.
func View(path string, opts Options) (*Viewer, error) {
	t, err := registry.Open(path, targetOptions(opts, target.Inspect))
	if err != nil {
		return nil, err
	}
	v := &Viewer{path: path, opts: opts, target: t}
	if v.disk, v.facts, _, err = examine(path, t, opts); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return v, nil
}

// Viewer looks at the session's target as it was last scanned. It belongs to the session and is not closed.
func (s *Session) Viewer() *Viewer {
	f := facts(s.target, s.opts)
	f.Undo = s.applied
	return &Viewer{path: s.path, opts: s.opts, target: s.target, disk: s.disk, facts: f}
}

// Disk is the target as it was scanned.
func (v *Viewer) Disk() model.Disk { return v.disk }

// Facts are the target's outer properties.
func (v *Viewer) Facts() report.Facts { return v.facts }

// Close ends a viewer that View opened.
func (v *Viewer) Close() error { return v.target.Close() }

// place is where something on the target lies, and what it is.
type place struct {
	name string // "p1"
	off  geometry.Bytes
	n    geometry.Bytes
	fs   model.Filesystem
}

// place finds a partition, or with id 0 the file system that covers a disk without a table.
func (v *Viewer) place(id model.PartID) (place, error) {
	z := v.disk.SectorSize
	if id == 0 {
		if v.disk.Table.Kind != model.TableNone {
			return place{}, errors.New("the files are in the partitions: choose one")
		}
		return place{name: "disk", n: v.disk.Size(), fs: v.disk.Whole}, nil
	}
	p, ok := v.disk.Partition(id)
	if !ok {
		return place{}, errors.New("this partition is only pending: nothing of it is on the target yet")
	}
	if p.Role == model.Extended {
		return place{}, fmt.Errorf("%s is the extended partition: the files are in the logical partitions inside it", p.Ref())
	}
	span := p.Span.Intersect(v.disk.Span())
	if span.Empty() {
		return place{}, fmt.Errorf("%s lies behind the end of the disk", p.Ref())
	}
	return place{name: p.Ref(), off: z.Bytes(span.Start), n: z.Bytes(span.Len()), fs: p.FS}, nil
}

// Inform tells all there is to know of a partition, or of the target as a whole with id 0, as it lies on the target. It
// runs tools and can take seconds; what they did not answer is told in the sheet. The error is for a partition that is
// not there and for a ctx that ended.
func (v *Viewer) Inform(ctx context.Context, id model.PartID) (report.Sheet, error) {
	name := filepath.Base(v.path)
	var sheet report.Sheet
	if id == 0 {
		sheet = inspect.Target(v.target, v.disk, name, v.about())
	} else {
		p, ok := v.disk.Partition(id)
		if !ok {
			return sheet, errors.New("this partition is only pending: nothing of it is on the target yet")
		}
		sheet = inspect.Partition(v.target, v.disk, p, name)
	}
	at, err := v.place(id)
	if err != nil || !inspect.Asked(at.fs.Kind) {
		return sheet, nil // there is nothing that tools could be asked about
	}
	answer, err := v.ask(ctx, at, worker.Question{})
	if err == nil && answer.Err != "" {
		err = errors.New(answer.Err)
	}
	sheet.Said = answer.Said
	if ctx.Err() != nil {
		return sheet, ctx.Err()
	}
	if err != nil {
		sheet.Said = append(sheet.Said, report.Said{Command: inspect.Command(at.fs.Kind, at.name), Err: safetext.Printable(err.Error())})
	}
	return sheet, nil
}

// List lists the directory at an exact path in a partition, or in the file system that covers a disk without a table with
// id 0. The error is ready to be shown; it wraps fsys.ErrNoDirectory for a directory that is not there.
func (v *Viewer) List(ctx context.Context, id model.PartID, dir string) (report.Listing, error) {
	at, err := v.place(id)
	if err != nil {
		return report.Listing{}, err
	}
	q := worker.Question{List: true, Dir: []byte(dir)}
	answer, err := v.ask(ctx, at, q)
	var died *readerDied
	if errors.As(err, &died) && ctx.Err() == nil {
		// What fell over is most likely the reader inside the worker; what the tools do they do in processes of their own.
		q.Plain = true
		answer, err = v.ask(ctx, at, q)
	}
	if err != nil {
		return report.Listing{}, err
	}
	list := report.Listing{}
	if answer.Listing != nil {
		list = *answer.Listing
	}
	if v.facts.InUse != "" {
		list.Notes = append(list.Notes, "the target is in use by "+safetext.Printable(v.facts.InUse)+": this listing may be stale")
	}
	if answer.NoDirectory {
		return list, fmt.Errorf("%s: %w", list.Path, fsys.ErrNoDirectory)
	}
	if answer.Err != "" {
		return list, tried.Errorf("list the files in %s: %s", at.name, answer.Err)
	}
	return list, nil
}

// readerDied is returned when the worker ended without an answer.
type readerDied struct{ how string }

func (e *readerDied) Error() string {
	return "the reader gave up (" + e.how + "): the file system may be damaged; check it first"
}

// ask has a worker answer a question. The worker gets a descriptor that only reads.
func (v *Viewer) ask(ctx context.Context, at place, q worker.Question) (answer worker.Answer, err error) {
	if err := ctx.Err(); err != nil {
		return answer, err
	}
	how, unavailable := partfs.DetectIsolation()
	if unavailable != nil {
		how = partfs.SetuidHelper // whoever needs a window will find that there is none; not everybody does
	}
	q.Off, q.Len, q.Kind, q.Shown = int64(at.off), int64(at.n), at.fs.Kind, at.name
	p, err := spawn(worker.Job{Task: report.Look, Path: v.target.Path(), SectorSize: v.target.SectorSize(), Question: &q}, handed{target: v.target.Files()}, how)
	if err != nil {
		return answer, err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	defer stop()
	text, read := io.ReadAll(io.LimitReader(p.conn, mostAnswer))
	_ = p.conn.Close() // a worker that has more to say is of no use
	waited := p.cmd.Wait()
	if ctx.Err() != nil {
		return answer, ctx.Err()
	}
	if read != nil || len(text) == 0 || json.Unmarshal(text, &answer) != nil {
		return worker.Answer{}, &readerDied{ending(waited, p.stderr.text())}
	}
	return answer, nil
}

// mostAnswer is more than any answer needs.
const mostAnswer = 64 << 20

// ending tells in a few words how a worker died: a Go program that falls over says it on its first line.
func ending(waited error, said string) string {
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "fatal error:") || strings.HasPrefix(line, "runtime: ") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "shunt worker:") {
			return safetext.Printable(line)
		}
	}
	if waited != nil {
		return waited.Error()
	}
	return "without a word"
}

// about is what is known of the target besides its contents.
func (v *Viewer) about() []report.SheetLine {
	var s report.SheetSection
	s.Add("Path", v.facts.Path)
	s.Add("Format", v.facts.Format)
	s.Warn("In use", v.facts.InUse, report.Odd)
	s.Add("Note", v.facts.Note)
	if u := v.facts.Undo; u != nil {
		s.Add("Undo", fmt.Sprintf("the transaction of %s can be undone; %s are kept for that",
			u.When.Format("2006-01-02 15:04"), geometry.FormatBytes(u.Room)))
	}
	return s.Lines
}

// Discover looks anew for what can be done on this machine; Env tells it from then on.
func (s *Session) Discover() ops.Env {
	s.env = ops.Env{Caps: fsys.Discover(), Sources: s.source, Room: guide.Room}
	return s.env
}
