package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/report"
	"shunt/ops/target/registry"
)

// An Info describes an image file of any format.
type Info struct {
	Path      string                `json:"path"`
	Format    string                `json:"format"`       // in QEMU's words, where it has one
	Size      *int64                `json:"virtual_size"` // of the disk in bytes; nil if it is not known
	File      int64                 `json:"file_size"`
	Allocated int64                 `json:"allocated"` // bytes on the host's file system
	Chain     []Layer               `json:"chain"`     // the backing files, from the nearest to the base
	Snapshots []model.ImageSnapshot `json:"snapshots"`
	OpenBy    []User                `json:"open_by"`
	Notes     []string              `json:"notes,omitempty"` // what could not be found out, and why
}

// A Layer is a backing file. One that is missing has a Problem and no sizes.
type Layer struct {
	Path      string `json:"path"`
	Format    string `json:"format"`
	Size      *int64 `json:"virtual_size"`
	Allocated *int64 `json:"allocated"`
	Problem   string `json:"problem,omitempty"`
}

// A User is somebody who has the image open.
type User struct {
	Holder string `json:"holder"`
	PID    int    `json:"pid,omitempty"`
}

// mostLayers limits the chain, which a hostile image can make endless.
const mostLayers = 64

// Describe finds out all about an image and its backing files. It locks nothing and writes nothing. qemu-img is asked about
// formats that shunt does not read. It fails if the file at path cannot be read at all.
func Describe(ctx context.Context, path string) (Info, error) { return DescribeAs(ctx, path, "") }

// DescribeAs does the work of Describe for an image in the format that the user names; "" to recognise it.
func DescribeAs(ctx context.Context, path, format string) (Info, error) {
	take := ""
	if format == string(Raw) {
		take = format
	}
	l, err := registry.LookAt(path, take)
	if err == nil && format != "" && l.Format != format {
		return Info{}, &registry.WrongFormat{Path: path, Is: l.Format, Said: format}
	}
	if err != nil {
		return Info{}, fmt.Errorf("look at %s: %w", path, err)
	}
	i := Info{Path: path, File: l.File, Allocated: l.Allocated, Chain: []Layer{}, Snapshots: []model.ImageSnapshot{}, OpenBy: []User{}}
	if err := complete(ctx, path, &l); err != nil {
		i.Notes = append(i.Notes, err.Error())
	}
	i.Format, i.Size = l.Format, known(l.Size)
	i.Snapshots = append(i.Snapshots, l.Snapshots...)
	for _, u := range l.Users {
		i.OpenBy = append(i.OpenBy, User{Holder: u.Holder, PID: u.PID})
	}
	i.follow(ctx, path, l)
	return i, nil
}

// known returns nil for a size that is not known.
func known(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// follow describes the backing files of l, which lies at path.
func (i *Info) follow(ctx context.Context, path string, l registry.Layer) {
	seen := map[string]bool{real(path): true}
	for l.Backing != "" {
		below := Layer{Path: l.BackingPath, Format: l.BackingFormat}
		next, err := registry.Layer{}, error(nil)
		switch {
		case l.BackingPath == "":
			below.Path, err = l.Backing, errors.New("it is named as a protocol, and not as a file")
		case seen[real(l.BackingPath)] || len(i.Chain) == mostLayers:
			err = errors.New("the backing files lead back to one that was named before")
		case l.BackingFormat == "":
			err = errors.New("the image above does not name its format, and a guess can be wrong")
		default:
			seen[real(l.BackingPath)] = true
			if next, err = registry.LookAt(l.BackingPath, l.BackingFormat); err == nil {
				below.Allocated = &next.Allocated
				err = complete(ctx, l.BackingPath, &next)
				below.Format, below.Size = next.Format, known(next.Size)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("it is missing")
		}
		if err != nil {
			below.Problem = err.Error()
			i.Notes = append(i.Notes, fmt.Sprintf("the backing file %s cannot be shown: %s", below.Path, below.Problem))
		}
		i.Chain = append(i.Chain, below)
		l = next
	}
}

// real returns a path by which two names of a file are the same.
func real(path string) string {
	if at, err := filepath.EvalSymlinks(path); err == nil {
		path = at
	}
	at, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return at
}

// complete asks qemu-img about a layer whose header shunt cannot read.
func complete(ctx context.Context, path string, l *registry.Layer) error {
	if l.Size != 0 || l.Format == string(Raw) {
		return nil
	}
	name := l.QEMU
	if f, err := ParseFormat(l.Format); name == "" && err == nil {
		name = string(f) // an overlay names the format so
	}
	if name == "" {
		return fmt.Errorf("neither shunt nor QEMU can say more about a %s file", l.Format)
	}
	if l.Format = name; l.Refused != nil {
		name = string(Qcow2)
	}
	about, err := askQEMU(ctx, path, name)
	if err != nil {
		return errors.Join(l.Refused, err)
	}
	l.Size, l.Backing, l.BackingFormat = about.Size, about.Backing, about.BackingFormat
	if l.BackingPath = about.FullBacking; l.Backing != "" && l.BackingFormat == "" && l.Format == string(VMDK) {
		l.BackingFormat = l.Format // a VMDK has no other backing files
	}
	for _, s := range about.Snapshots {
		l.Snapshots = append(l.Snapshots, model.ImageSnapshot{
			ID: safetext.Printable(s.ID), Name: safetext.Printable(s.Name), Made: s.Made, State: geometry.Bytes(s.State),
		})
	}
	return nil
}

// Sheet returns the Info for people.
func (i Info) Sheet() report.Sheet {
	size := func(n *int64) string {
		if n == nil {
			return "not known"
		}
		return report.ExactBytes(geometry.Bytes(*n))
	}
	s := report.SheetSection{Title: "Image file"}
	s.Add("Format", i.Format)
	s.Add("Disk", size(i.Size))
	s.Add("File", fmt.Sprintf("%s, %s of it allocated", report.ExactBytes(geometry.Bytes(i.File)), geometry.FormatBytes(geometry.Bytes(i.Allocated))))
	for _, l := range i.Chain {
		if l.Problem != "" {
			s.Warn("Backing file", l.Path+": "+l.Problem, report.Wrong)
			continue
		}
		s.Add("Backing file", fmt.Sprintf("%s, %s, a disk of %s", l.Path, l.Format, size(l.Size)))
	}
	for _, n := range i.Snapshots {
		s.Add("Snapshot", fmt.Sprintf("%s %s, %s", n.ID, n.Name, report.Made(n)))
	}
	for _, u := range i.OpenBy {
		s.Add("Open by", u.Holder)
	}
	if len(i.Chain) == 0 {
		for _, text := range i.Notes {
			s.Warn("Note", text, report.Odd)
		}
	}
	return report.Sheet{Title: safetext.Printable(i.Path)}.With(s)
}
