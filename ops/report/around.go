package report

import (
	"fmt"
	"strings"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// ImageSheet describes the file of an image alone. f.Around must be set.
func ImageSheet(f Facts) Sheet {
	return Sheet{Title: safetext.Printable(f.Path)}.With(around(*f.Around))
}

// around describes the file of an image in a format of its own.
func around(f model.ImageFile) SheetSection {
	s := SheetSection{Title: "Image file"}
	s.Add("Version", f.Version)
	s.Add("Cluster", geometry.FormatBytes(f.Cluster))
	s.Add("Refcounts", fmt.Sprintf("%d bits%s", f.CountBits, when(f.Lazy, ", written late (lazy)")))
	s.Add("Compression", f.Compression)
	s.Add("L2 entries", when(f.Parts, "extended"))
	s.Add("Preallocation", when(f.Preallocated, "every place of the disk has one in the file; edits keep that"))
	s.Add("File", fmt.Sprintf("%s, %s of it allocated", ExactBytes(f.File), geometry.FormatBytes(f.Allocated)))
	for _, u := range f.Uses {
		s.Add("Holds", geometry.FormatBytes(u.Bytes)+" for "+u.What)
	}
	for _, l := range f.Chain {
		s.Add("Backing file", fmt.Sprintf("%s, %s, a disk of %s", l.Path, l.Format, geometry.FormatBytes(l.Size)))
	}
	for _, n := range f.Snapshots {
		text := fmt.Sprintf("%s %s, %s", n.ID, n.Name, Made(n))
		if n.State > 0 {
			text += ", with " + geometry.FormatBytes(n.State) + " of a machine's state"
		}
		s.Add("Snapshot", text)
	}
	if f.Bitmaps > 0 {
		s.Warn("Bitmaps", fmt.Sprintf("%d, for incremental backups", f.Bitmaps), Odd)
	}
	for _, text := range f.Faults {
		s.Warn("Fault", text, Wrong)
	}
	for _, text := range f.Unread {
		s.Add("Not for", text)
	}
	return s
}

// ImageFacts describes the file of an image that is open for editing, in a few lines.
func ImageFacts(f Facts) SheetSection {
	s := SheetSection{Title: "Image file"}
	s.Add("Format", f.Format+", a disk of "+geometry.FormatBytes(f.Size))
	s.Add("Takes", geometry.FormatBytes(f.Allocated)+" of the host's disk")
	if a := f.Around; a != nil {
		if n := len(a.Chain); n > 0 {
			base := a.Chain[0]
			text := fmt.Sprintf("%s, %s, a disk of %s", base.Path, base.Format, geometry.FormatBytes(base.Size))
			s.Add("Backing file", text+when(n > 1, fmt.Sprintf("; below it %d more", n-1)))
		}
		var names []string
		for _, shot := range a.Snapshots {
			names = append(names, shot.Name)
		}
		if n := len(names); n > 0 {
			s.Add("Snapshots", fmt.Sprintf("%d: %s", n, strings.Join(names, ", ")))
		}
		if a.Bitmaps > 0 {
			s.Warn("Bitmaps", fmt.Sprintf("%d, for incremental backups", a.Bitmaps), Odd)
		}
		if n := len(a.Faults); n > 0 {
			s.Warn("Faults", a.Faults[0]+when(n > 1, fmt.Sprintf("; %d more", n-1)), Wrong)
		}
	}
	if n := len(f.Overlays); n > 0 {
		s.Warn("Overlays", fmt.Sprintf("%d: %s", n, strings.Join(f.Overlays, ", ")), Odd)
	}
	s.Add("Open by", "this shunt, which has locked it")
	return s
}

// Made says when a snapshot was made, in local time: "made 2026-11-29 15:04".
func Made(s model.ImageSnapshot) string {
	return "made " + time.Unix(s.Made, 0).Format("2006-01-02 15:04")
}

func when(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// OverlaysWarning says what an edit does to the images that show the target as their backing file.
func OverlaysWarning(names []string) string {
	const most = 5
	list := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		list += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return "It is the backing file of " + list + ": a change to it makes what lies over it worthless."
}

// Beforehand says what people should know about an image before they edit the disk in it.
func Beforehand(f Facts) (lines []string) {
	if len(f.Overlays) > 0 {
		lines = append(lines, OverlaysWarning(f.Overlays))
	}
	if f.Around == nil {
		return lines
	}
	if n := len(f.Around.Snapshots); n > 0 {
		lines = append(lines, fmt.Sprintf("It has snapshots (%d). They keep the layout and the content they have now, byte for byte: going back to one "+
			"brings its partition table back too.", n))
	}
	if n := len(f.Around.Chain); n > 0 {
		lines = append(lines, fmt.Sprintf("It shows %s where it has no data of its own. That file is never written; moved data is copied into this image.", f.Around.Chain[0].Path))
	}
	if f.Around.Bitmaps > 0 {
		lines = append(lines, fmt.Sprintf("It has bitmaps for incremental backups (%d), which an edit makes worthless. You are asked before they are dropped.", f.Around.Bitmaps))
	}
	for _, fault := range f.Around.Faults {
		lines = append(lines, "A fault of its format: "+fault+".")
	}
	return lines
}

// AroundLine describes the file of an image in one line.
func AroundLine(f model.ImageFile) string {
	text := fmt.Sprintf("version %s, clusters of %s, %s; the file takes %s", f.Version, geometry.FormatBytes(f.Cluster), f.Compression,
		geometry.FormatBytes(f.Allocated))
	if n := len(f.Chain); n > 0 {
		text += "; backing file " + f.Chain[0].Path
	}
	switch n := len(f.Snapshots); {
	case n == 1:
		text += "; 1 snapshot, which keeps the layout and the content it has"
	case n > 1:
		text += fmt.Sprintf("; %d snapshots, which keep the layout and the content they have", n)
	}
	return text
}
