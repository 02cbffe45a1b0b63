package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/attach"
	"shunt/ops/fsys"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/worker"
)

// Examine checks the format, the table and every file system of a target, and writes nothing to it. tell, if not nil, is
// called with words for people before each part. A fault is in the result. An error means that the target cannot be opened,
// or is that of ctx. The *report.Unfinished is nil if there is no unfinished transaction.
func Examine(ctx context.Context, path string, opts Options, tell func(what string)) (report.ImageCheck, *report.Unfinished, error) {
	v, err := View(path, opts)
	if format, damaged := registry.Damaged(err); damaged {
		c := report.Check{Part: "format", Contents: format, By: "shunt", Faults: []string{safetext.Printable(tried.Text(err))}}
		return report.ImageCheck{Path: safetext.Printable(path), Format: format, Checks: []report.Check{c.Judged()}}, nil, nil
	}
	if err != nil {
		return report.ImageCheck{}, nil, err
	}
	found, err := v.Examine(ctx, tell)
	return found, v.left, errors.Join(err, v.Close())
}

// Examine does the work of the function Examine on an opened target.
func (v *Viewer) Examine(ctx context.Context, tell func(what string)) (report.ImageCheck, error) {
	if tell == nil {
		tell = func(string) {}
	}
	all := report.ImageCheck{Path: safetext.Printable(v.facts.Path), Format: v.facts.Format, Size: v.facts.Size, InUse: safetext.Printable(v.facts.InUse)}
	tell("following the references of the format")
	checks, err := v.CheckFormat(ctx)
	if err != nil {
		return all, err
	}
	all.Checks = append(checks, v.tableCheck())
	caps := fsys.Discover()
	for _, at := range v.contents() {
		if at.FS.Word() == model.BlankWord {
			continue
		}
		tell(fmt.Sprintf("checking %s, %s", at.Name, at.FS.Kind))
		check := v.examine(ctx, at, caps)
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		all.Checks = append(all.Checks, check)
	}
	all.Clean = all.Count(report.Faulty) == 0
	return all, nil
}

// CheckFormat checks the formats of the image and of its backing files, the nearest first. The list is empty for a target
// without a format of its own. The error is that of ctx.
func (v *Viewer) CheckFormat(ctx context.Context) (list []report.Check, err error) {
	f, ok := v.target.(target.Checkable)
	if !ok {
		return nil, nil
	}
	layers, err := f.Check(ctx)
	if err != nil {
		return nil, err
	}
	for i, l := range layers {
		c := report.Check{Part: "format", Contents: l.Format, By: cmp.Or(l.By, "shunt")}
		if !l.Unchecked.OK() {
			c.Verdict, c.Why = report.Unchecked, string(l.Unchecked)
		}
		if i > 0 {
			c.Part = "backing file " + safetext.Printable(l.Path)
		}
		for _, fault := range l.Faults {
			c.Faults = append(c.Faults, safetext.Printable(fault))
		}
		list = append(list, c.Judged())
	}
	return list, nil
}

// tableCheck judges the table as the scan read it.
func (v *Viewer) tableCheck() report.Check {
	d := v.disk
	c := report.Check{Part: "table", Contents: d.Table.String(), By: "shunt"}
	if d.Table.Foreign != "" {
		c.Verdict, c.Why = report.Unchecked, "shunt knows this table by name only"
	}
	if v.left != nil {
		c.Faults = append(c.Faults, "a transaction of shunt is unfinished: "+v.facts.Call.WaysOn(v.left.Ways()))
	}
	for _, p := range d.Problems() {
		text := p.Text
		if p.Advice != "" {
			text += "; " + v.facts.Call.Fill(p.Advice)
		}
		if text = safetext.Printable(text); p.Severity == model.Note || p.Sound {
			c.Notes = append(c.Notes, text)
		} else {
			c.Faults = append(c.Faults, text)
		}
	}
	return c.Judged()
}

// contents lists where file systems can be: the disk, its partitions, and the parts of these.
func (v *Viewer) contents() (list []attach.Source) {
	d, z := v.disk, v.disk.SectorSize
	add := func(name string, fs model.Filesystem, start, n int64) {
		if n = min(n, int64(d.Size())-start); n > 0 {
			list = append(list, attach.Source{Name: name, Part: target.Part{Start: start, Len: n}, FS: fs})
		}
	}
	if d.Table.Kind == model.TableNone && d.Table.Foreign == "" {
		add("disk", d.Whole, 0, v.target.Size())
	}
	for p := range d.Each() {
		if p.Role != model.Extended {
			add(p.Ref(), p.FS, int64(z.Bytes(p.Span.Start)), int64(z.Bytes(p.Span.Len())))
		}
		for s := range d.Slices(p) {
			add(s.Name, s.FS, int64(z.Bytes(s.Span.Start)), int64(z.Bytes(s.Span.Len())))
		}
	}
	return list
}

// examine has a worker check one file system.
func (v *Viewer) examine(ctx context.Context, at attach.Source, caps ops.Capabilities) report.Check {
	can := caps.For(at.FS)
	c := report.Check{Part: at.Name, Contents: at.FS.Word(), By: can.Tools.Check}
	if !at.FS.Known() {
		c.Verdict, c.Why = report.Unchecked, "nothing is recognised: it "+safetext.Printable(at.FS.Notes)
		if at.FS.Features.Has(model.Spared) {
			c.Faults = append(c.Faults, c.Why)
		}
		return c.Judged()
	}
	if at.FS.Also != model.Unformatted {
		c.Notes = append(c.Notes, safetext.Printable(at.FS.Second()))
	}
	if why := can.Check; !why.OK() {
		c.Verdict, c.Why = report.Unchecked, safetext.Printable(string(why))
		if installable(caps, at.FS) {
			c.Install = can.Missing
		}
		// Without a checker the mark is all that is known. A fault of the superblock counts all the same.
		if !at.FS.Dirty.OK() {
			c.Notes = append(c.Notes, safetext.Printable(string(at.FS.Dirty)))
		}
		return c.Judged()
	}
	answer, err := v.ask(ctx, at, worker.Question{Examine: true})
	if err == nil && answer.Err != "" {
		err = errors.New(answer.Err)
	}
	var died *readerDied
	switch {
	case errors.As(err, &died):
		c.Faults = append(c.Faults, "the check ended without a result ("+safetext.Printable(died.how)+")")
		return c.Judged()
	case err != nil:
		c.Verdict, c.Why = report.Unchecked, safetext.Printable(err.Error())
		return c.Judged()
	}
	found := answer.Examined
	if found.Replayed {
		c.Notes = append(c.Notes, "journal not replayed: its changes were brought in on a copy for the check, and the image is as it was")
	}
	c.Notes, c.Output = append(c.Notes, found.Notes...), found.Output
	if found.Fault != "" {
		c.Faults = append(c.Faults, found.Fault)
	}
	return c.Judged()
}

// installable reports whether the check needs nothing but a package.
func installable(caps ops.Capabilities, fs model.Filesystem) bool {
	return fs.Elsewhere == model.WholeHere && !caps.Of(fs.Kind).Check.OK() && len(caps.Of(fs.Kind).Missing) > 0
}
