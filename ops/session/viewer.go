package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/attach"
	"shunt/ops/fsys"
	"shunt/ops/inspect"
	"shunt/ops/journal"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// A Viewer looks at a target without changing anything. Its methods may be called from any goroutine.
type Viewer struct {
	path   string // as the user gave it
	opts   Options
	target target.Target
	disk   model.Disk
	facts  report.Facts
	left   *report.Unfinished // when it was opened to look at it
}

// View opens a target to look at it, even if it is in use. Facts names the user.
func View(path string, opts Options) (*Viewer, error) {
	v, _, err := view(path, opts)
	return v, err
}

// ViewFormat opens a target to look at its format alone, whatever disk is in it: Disk is empty.
func ViewFormat(path string, opts Options) (*Viewer, error) {
	t, err := registry.Open(path, targetOptions(opts, target.Inspect))
	if err != nil {
		return nil, err
	}
	return &Viewer{path: path, opts: opts, target: t, facts: facts(t, opts)}, nil
}

// Inspect scans a target without locking it for editing, even if it is in use. The *report.Unfinished is nil if there is no
// unfinished transaction.
func Inspect(path string, opts Options) (model.Disk, report.Facts, *report.Unfinished, error) {
	v, unfinished, err := view(path, opts)
	if err != nil {
		return model.Disk{}, report.Facts{}, nil, err
	}
	return v.shown(), v.facts, unfinished, v.Close()
}

// shown returns the disk with the smallest sizes that a user can ask for.
func (v *Viewer) shown() model.Disk { return ops.WithLeast(v.disk, ops.Env{Caps: fsys.Discover()}) }

func view(path string, opts Options) (*Viewer, *report.Unfinished, error) {
	v, err := ViewFormat(path, opts)
	if err != nil {
		return nil, nil, err
	}
	if err := v.scan(); err != nil {
		return nil, nil, errors.Join(err, v.Close())
	}
	v.left = v.readBeside()
	return v, v.left, nil
}

func (v *Viewer) scan() (err error) {
	if v.disk, err = worker.Scan(v.target); err != nil {
		return tried.Errorf("read %s: %w", v.path, err)
	}
	if v.opts.AnyContent {
		return nil
	}
	return checkDisk(v.path, v.target, v.disk)
}

// readBeside reads the journal's directory, as far as it can be trusted, and completes the facts. It returns the unfinished
// transaction, or nil. It reports no errors, because opening the target for editing does.
func (v *Viewer) readBeside() *report.Unfinished {
	var unfinished *report.Unfinished
	err := withDir(v.target.Place(), v.opts, func(dir *journal.Dir) (err error) {
		dir.OnlyRead()
		if v.facts.InUse != "" {
			v.facts.Commit = underWay(dir)
		}
		unfinished, v.facts.Undos, err = txn.InspectAll(worker.Rooms{Dir: dir})
		return err
	})
	if unsafe, ok := errors.AsType[*journal.UnsafeError](err); ok {
		v.facts.Ignored = unsafe.What()
	}
	if unfinished == nil || unfinished.Complete {
		return nil
	}
	return unfinished
}

// Disk returns the target as it was scanned.
func (v *Viewer) Disk() model.Disk { return v.disk }

// Facts returns the target's properties besides its contents, as they were when it was scanned.
func (v *Viewer) Facts() report.Facts { return v.facts }

// Files returns the files that the disk is read from: the target and its backing files, as far as they are there.
func (v *Viewer) Files() (list []os.FileInfo) {
	paths := []string{v.path}
	if v.facts.Around != nil {
		for _, layer := range v.facts.Around.Chain {
			paths = append(paths, layer.Path)
		}
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			list = append(list, info)
		}
	}
	return list
}

// Close ends a viewer that View opened.
func (v *Viewer) Close() error { return v.target.Close() }

// errPending is returned for a partition that exists only in the plan.
var errPending = errors.New("this partition is only pending: nothing of it is on the target yet")

// locate returns where a partition lies. With id 0 it returns the file system that covers a disk without a table.
func (v Viewer) locate(id model.PartID) (attach.Source, error) {
	switch {
	case id == 0:
		return v.locateNumber(0)
	case id < 0:
		return v.lostAt(id.LostAt())
	}
	p, ok := v.disk.Partition(id)
	if !ok {
		return attach.Source{}, errPending
	}
	return v.locateNumber(p.Number)
}

// locateNumber does the same by a partition's number. The partition may reach past the end of the disk.
func (v Viewer) locateNumber(number int) (attach.Source, error) {
	if number == 0 {
		if v.disk.Table.Kind != model.TableNone {
			return attach.Source{}, fmt.Errorf("%s has partitions: say which one", v.target.Path())
		}
		at := attach.Source{Name: v.target.Path(), Part: target.Part{Len: v.target.Size()}, FS: v.disk.Whole}
		at.Use = target.Uses(v.target, []target.Part{at.Part})[0]
		return at, nil
	}
	p, ok := v.disk.ByNumber(number)
	switch {
	case !ok:
		return attach.Source{}, fmt.Errorf("%s has no partition %d", v.target.Path(), number)
	case p.Role == model.Extended:
		return attach.Source{}, fmt.Errorf("%s is the extended partition: the files are in the logical partitions inside it", p.Ref())
	}
	parts := worker.PartsOf(v.disk)
	i := slices.IndexFunc(parts, func(part target.Part) bool { return part.Number == number })
	return attach.Source{Name: p.Ref(), Part: parts[i], FS: p.FS, Use: p.Use}, nil
}

// locateReadable does the same as locate, but cuts the partition off at the end of the disk.
func (v Viewer) locateReadable(id model.PartID) (attach.Source, error) {
	at, err := v.locate(id)
	if err != nil {
		return at, err
	}
	if id == 0 {
		at.Name = "disk"
	}
	if at.Part.Len = min(at.Part.Len, int64(v.disk.Size())-at.Part.Start); at.Part.Len <= 0 {
		err = fmt.Errorf("%s lies behind the end of the disk", at.Name)
	}
	return at, err
}

// Inform returns everything known about a partition on the target, or with id 0 about the target itself. It runs tools and
// can take seconds. The sheet says which tools failed. Inform fails if the partition does not exist or ctx ends.
func (v Viewer) Inform(ctx context.Context, id model.PartID) (report.Sheet, error) {
	name := filepath.Base(v.path)
	var sheet report.Sheet
	if id == 0 {
		sheet = v.withHealth(ctx, inspect.Target(v.target, v.shown(), name, v.facts))
	} else {
		d := v.shown()
		p, ok := d.Partition(id)
		if !ok {
			return sheet, errPending
		}
		sheet = inspect.Partition(v.target, d, p, name)
	}
	at, err := v.locateReadable(id)
	if err != nil || inspect.Command(at.FS.Kind, at.Name) == "" {
		return sheet, nil // there is nothing for tools
	}
	answer, err := v.ask(ctx, at, worker.Question{})
	if err == nil && answer.Err != "" {
		err = errors.New(answer.Err)
	}
	sheet.Said = append(sheet.Said, answer.Said...)
	if ctx.Err() != nil {
		return sheet, ctx.Err()
	}
	if err != nil {
		sheet.Said = append(sheet.Said, report.Said{Command: inspect.Command(at.FS.Kind, at.Name), Err: safetext.Printable(err.Error())})
	}
	return sheet, nil
}

// Sectors returns n sectors of the target from first on, or as many as there are. See inspect.Sectors.
func (v Viewer) Sectors(first geometry.Sector, n int) []report.Sector {
	return inspect.Sectors(v.target, v.disk, first, n)
}

// withHealth adds what a physical disk says of its health. Without root nobody can ask it.
func (v Viewer) withHealth(ctx context.Context, sheet report.Sheet) report.Sheet {
	d, known := v.target.(target.KernelDisk)
	if !known || d.Hardware() == (target.Hardware{}) || os.Geteuid() != 0 {
		return sheet
	}
	section, said, ok := inspect.Smart(ctx, v.target.Path())
	if ok {
		return sheet.With(section)
	}
	sheet.Said = append(sheet.Said, said)
	return sheet
}

// List lists the directory or the file at an exact path in a partition, or with id 0 in the file system that covers a disk without a
// table. The error can be shown as it is, and wraps fsys.ErrNoDirectory if nothing is there.
func (v Viewer) List(ctx context.Context, id model.PartID, dir string) (report.Listing, error) {
	at, err := v.locateReadable(id)
	if err != nil {
		return report.Listing{}, err
	}
	q := worker.Question{List: true, Dir: dir}
	answer, err := v.ask(ctx, at, q)
	var died *readerDied
	if errors.As(err, &died) && ctx.Err() == nil {
		// Most likely the reader inside the worker crashed. Tools run in processes of their own.
		q.Plain = true
		answer, err = v.ask(ctx, at, q)
	}
	if err != nil {
		return report.Listing{}, err
	}
	list := answer.Listing
	if v.facts.InUse != "" {
		list.Notes = append(list.Notes, "the target is in use by "+safetext.Printable(v.facts.InUse)+": this listing may be stale")
	}
	if answer.NoDirectory {
		return list, fsys.NoDirectoryError(answer.Err)
	}
	if answer.Err != "" {
		return list, tried.Errorf("list the files in %s: %s", at.Name, answer.Err)
	}
	return list, nil
}

// Fstabs returns the texts of all /etc/fstab in a partition. It returns none if they cannot be read.
func (v Viewer) Fstabs(ctx context.Context, id model.PartID) []string {
	at, err := v.locateReadable(id)
	if err != nil {
		return nil
	}
	answer, err := v.ask(ctx, at, worker.Question{Fstabs: true})
	if err != nil {
		return nil
	}
	return answer.Fstabs
}

// Tree lists all files in a partition, or with id 0 in the file system that covers a disk without a table.
func (v Viewer) Tree(ctx context.Context, id model.PartID) (report.Tree, error) {
	at, err := v.locateReadable(id)
	if err != nil {
		return report.Tree{}, err
	}
	answer, err := v.ask(ctx, at, worker.Question{Tree: true})
	var died *readerDied
	if errors.As(err, &died) && ctx.Err() == nil {
		answer, err = v.ask(ctx, at, worker.Question{Tree: true, Plain: true})
	}
	if err == nil && answer.Err != "" {
		err = errors.New(answer.Err)
	}
	return answer.Tree, err
}

// Content reads the disk. It is valid until Close.
func (v *Viewer) Content() target.Device { return v.target }

// Sound reports whether the checker of the file system in a partition, or with id 0 of that on the whole disk, finds nothing
// wrong.
func (v *Viewer) Sound(ctx context.Context, id model.PartID) bool {
	at, err := v.locateReadable(id)
	return err == nil && v.examine(ctx, at, fsys.Discover()).Verdict == report.Sound
}

// readerDied is returned when the worker ended without an answer.
type readerDied struct{ how string }

func (e *readerDied) Error() string {
	return "the reader gave up (" + e.how + "): the file system may be damaged; check it first"
}

// ask starts a worker to answer a question about a partition. The worker gets a descriptor that can only read.
func (v Viewer) ask(ctx context.Context, at attach.Source, q worker.Question) (answer worker.Answer, err error) {
	if err := ctx.Err(); err != nil {
		return answer, err
	}
	p, err := v.reader(at, q)
	if err != nil {
		return answer, err
	}
	defer context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })()
	const longest = 64 << 20 // more than any answer needs
	text, read := io.ReadAll(io.LimitReader(p.conn, longest))
	_ = p.conn.Close() // everything that counts was read
	waited := p.cmd.Wait()
	if ctx.Err() != nil {
		return answer, ctx.Err()
	}
	if read != nil || len(text) == 0 || json.Unmarshal(text, &answer) != nil {
		return worker.Answer{}, &readerDied{ending(waited, p.stderr.text())}
	}
	return answer, nil
}

// reader starts a worker to answer a question about a partition.
func (v Viewer) reader(at attach.Source, q worker.Question) (*process, error) {
	q.Off, q.Len, q.Kind, q.Shown = at.Part.Start, at.Part.Len, at.FS.Kind, at.Name
	how, unavailable := partfs.DetectIsolation()
	if unavailable != nil {
		how = partfs.SetuidHelper // not every question needs a window, and those that do fail later
	}
	job := v.job(worker.Job{Task: report.Look, Question: q})
	job.NoLock = true
	return spawn(job, v.target.Files(), how)
}

// job fills in what a worker needs to know about the target.
func (v Viewer) job(j worker.Job) worker.Job {
	j.Path, j.SectorSize, j.Files = v.target.Path(), v.target.SectorSize(), len(v.target.Files())
	j.Format, j.Version = v.opts.Format, v.opts.Version
	j.NoLock, j.Overlays, j.Call = v.opts.NoLock, v.opts.Overlays, v.opts.Call(j.Path)
	return j
}

// ending describes in a few words how a worker died. A Go program that crashes prints the reason on its first line.
func ending(waited error, said string) string {
	for line := range strings.Lines(said) {
		for _, prefix := range []string{"fatal error:", "runtime: ", "panic:", "shunt worker:"} {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, prefix) {
				return safetext.Printable(line)
			}
		}
	}
	if waited != nil {
		return waited.Error()
	}
	return "it gave no reason"
}
