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
// search failed.
func (v Viewer) Lost(ctx context.Context, everywhere bool, progress func(done, total int64)) (found scan.LostFinding, err error) {
	if err := ctx.Err(); err != nil {
		return found, err
	}
	job := v.job(worker.Job{Task: report.Look, Hunt: &worker.Hunt{Everywhere: everywhere}})
	job.NoLock = true
	p, err := spawn(job, v.target.Files(), partfs.SetuidHelper) // it mounts nothing
	if err != nil {
		return found, err
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
		return found, ctx.Err()
	case event.Finding != nil:
		return *event.Finding, nil
	case event.Err != "":
		return found, errors.New(event.Err)
	}
	return found, &readerDied{ending(waited, p.stderr.text())}
}

// AddLost returns an identity for a lost partition, with which its files are listed and read like those of others.
func (v *Viewer) AddLost(name string, l model.Lost) model.PartID {
	z := v.disk.SectorSize
	part := target.Part{Start: int64(z.Bytes(l.Span.Start)), Len: int64(z.Bytes(l.Span.Len()))}
	v.lost = append(v.lost, attach.Source{Name: name, Part: part, FS: l.FS})
	return model.PartID(-len(v.lost))
}

// At returns an identity, as AddLost does, for the file system that begins at a sector. It fails if none is recognised there.
func (v *Viewer) At(at geometry.Sector) (model.PartID, error) {
	z := v.disk.SectorSize
	if at < 0 || at >= v.disk.Sectors {
		return 0, fmt.Errorf("the disk has %d sectors: there is no sector %d", v.disk.Sectors, at)
	}
	span := geometry.Span{Start: at, End: v.disk.Sectors}
	fs := scan.Probe(v.target, int64(z.Bytes(at)), int64(z.Bytes(span.Len())))
	if !fs.Known() {
		return 0, fmt.Errorf("no file system begins at sector %d", at)
	}
	if fs.Size > 0 {
		span.End = min(span.End, at+z.Up(fs.Size))
	}
	return v.AddLost(fmt.Sprintf("the %s at sector %d", fs.Kind, at), model.Lost{Span: span, FS: fs}), nil
}

// Env returns what decides, besides the disk, which edits are possible.
func (v *Viewer) Env() ops.Env {
	return ops.Env{Caps: fsys.Discover(), Contents: worker.ContentsOf(v.target)}
}
