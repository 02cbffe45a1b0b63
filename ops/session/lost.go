package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/ops"
	"shunt/ops/attach"
	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/worker"
)

// Lost searches the target for partitions that its table does not list. With everywhere it searches inside partitions too.
// progress is called with the bytes that were searched and those there are in all. The error is that of ctx, or says that the
// search failed. notes say what it may have missed.
func (v Viewer) Lost(ctx context.Context, everywhere bool, progress func(done, total int64)) (found []model.Lost, notes []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	job := v.job(worker.Job{Task: report.Look, Hunt: &worker.Hunt{Everywhere: everywhere}})
	job.NoLock = true
	p, err := spawn(job, v.target.Files(), partfs.SetuidHelper) // it mounts nothing
	if err != nil {
		return nil, nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })()
	in, event := json.NewDecoder(p.conn), worker.HuntEvent{}
	for in.Decode(&event) == nil && event.Finding == nil && event.Err == "" {
		progress(event.Done, event.Total)
	}
	_ = p.conn.Close() // everything that counts was read
	waited := p.cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case event.Finding != nil:
		return event.Finding.Lost, missed(*event.Finding), nil
	case event.Err != "":
		return nil, nil, errors.New(event.Err)
	}
	return nil, nil, &readerDied{ending(waited, p.stderr.text())}
}

// missed says what a search may have missed.
func missed(found scan.LostFinding) (notes []string) {
	if found.Unread > 0 {
		notes = append(notes, fmt.Sprintf("%s could not be read: what begins there was not found", geometry.FormatBytes(geometry.Bytes(found.Unread))))
	}
	if found.More {
		notes = append(notes, "there are more signatures than were followed: it is full of file systems in files, or made to look so")
	}
	return notes
}

// lostAt returns the file system that begins at a sector, which no partition needs to hold. It fails if none is recognised there.
func (v Viewer) lostAt(at geometry.Sector) (attach.Source, error) {
	z := v.disk.SectorSize
	if at < 0 || at >= v.disk.Sectors {
		return attach.Source{}, fmt.Errorf("the disk has %s sectors: there is no sector %s", v.disk.Sectors, at)
	}
	span := geometry.Span{Start: at, End: v.disk.Sectors}
	fs := scan.Probe(v.target, int64(z.Bytes(at)), int64(z.Bytes(span.Len())))
	if !fs.Known() {
		return attach.Source{}, fmt.Errorf("no file system begins at sector %s", at)
	}
	if fs.Size > 0 {
		span.End = min(span.End, at+z.Up(fs.Size))
	}
	part := target.Part{Number: int(model.LostID(at)), Start: int64(z.Bytes(at)), Len: int64(z.Bytes(span.Len()))}
	return attach.Source{Name: fmt.Sprintf("the %s at sector %s", fs.Kind, at), Part: part, FS: fs}, nil
}

// Env returns what decides, besides the disk, which edits are possible.
func (v *Viewer) Env() ops.Env {
	return ops.Env{Caps: fsys.Discover(), Contents: worker.ContentsOf(v.target)}
}
