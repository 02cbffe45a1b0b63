package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/session"
)

func (s *settings) infoCommand() *cobra.Command {
	var support bool
	cmd := &cobra.Command{
		Use:   "info TARGET [P]",
		Short: "Show the table, partitions and free space of a target, or all that is known about partition P",
		Long: "Without P, info shows the table, the partitions, their file systems and the free space of a target. With the\n" +
			"number of a partition, or 0 for the target itself, it shows all that is known about it, also what the file\n" +
			"system's own tools say. With --support it shows what this machine can do with each file system.\n" +
			"Nothing is changed; targets in use can be shown, too.",
		Args: func(cmd *cobra.Command, args []string) error {
			if support && len(args) > 0 {
				return usageOf(cmd, errors.New("--support is about this machine: it takes no target"))
			} else if support {
				return nil
			}
			return arguments(1, 2)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case support:
				m := fsys.Discover().Matrix()
				return s.show(supportOf(m), supportText(m, partfs.Confinement()))
			case len(args) == 2:
				return s.view(args[0], args[1], func(v *session.Viewer, id model.PartID) error {
					sheet, err := v.Inform(cmd.Context(), id)
					if err != nil {
						return err
					}
					return s.show(sheet, sheetText(sheet))
				})
			}
			return s.info(args[0])
		},
	}
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	cmd.Flags().BoolVar(&support, "support", false, "show what this machine can do with each file system")
	return cmd
}

func (s *settings) info(path string) error {
	disk, facts, left, err := session.Inspect(path, s.opts)
	if err == nil {
		err = s.show(infoOf(disk, facts, left), infoText(disk, facts, left))
	}
	if err == nil && left != nil {
		return unfinished(nil)
	}
	return err
}

// view opens a target for reading, and calls do with the given partition, or with 0 for the target itself.
func (s *settings) view(path, number string, do func(*session.Viewer, model.PartID) error) (err error) {
	if isLost(number) {
		return s.viewLost(path, number, do)
	}
	n, err := partitionNumber(number)
	if err != nil {
		return err
	}
	v, err := session.View(path, s.opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	p, ok := v.Disk().ByNumber(n)
	if ok || n == 0 {
		return do(v, p.ID)
	}
	var there []string
	for _, p := range v.Disk().Partitions() {
		there = append(there, p.Ref())
	}
	if len(there) == 0 {
		return fmt.Errorf("there is no partition %d: %s has no partitions; number 0 is the target itself", n, v.Facts().Path)
	}
	return fmt.Errorf("there is no partition %d: there are %s", n, strings.Join(there, ", "))
}

// The JSON form of a target. Sizes are in bytes, positions in sectors; an unknown number is null.
type (
	infoTarget struct {
		Path         string              `json:"path"`
		Format       string              `json:"format"`
		Size         int64               `json:"size"`
		SectorSize   int64               `json:"sector_size"`
		Sectors      int64               `json:"sectors"`
		Table        string              `json:"table"`
		TableID      string              `json:"table_id,omitempty"`
		InUse        string              `json:"in_use,omitempty"`
		Note         string              `json:"note,omitempty"`
		Image        *model.ImageFile    `json:"image,omitempty"`      // the file of an image in a format of its own
		Foreign      *model.ForeignImage `json:"qemu_image,omitempty"` // the file of an image in one of QEMU's formats
		Overlays     []string            `json:"overlays,omitempty"`   // images beside it whose backing file it is
		Ignored      string              `json:"ignored,omitempty"`    // why a journal beside the target is ignored
		ReadOnly     string              `json:"read_only,omitempty"`
		Commit       *report.Progress    `json:"commit,omitempty"` // in progress
		Unfinished   *report.Unfinished  `json:"unfinished,omitempty"`
		Undo         *report.Applied     `json:"undo,omitempty"`  // the last transaction can be undone
		Undos        []report.Applied    `json:"undos,omitempty"` // all that can be undone one after the other, the newest first
		Problems     []infoProblem       `json:"problems"`
		Partitions   []infoPart          `json:"partitions"`
		Gaps         []infoSpan          `json:"gaps"`
		infoContents                     // of a disk without a table
	}
	// Contents is the kind of file system, or "unknown" or "unformatted". Data is the most that unknown contents can hold.
	infoContents struct {
		Contents   string  `json:"contents,omitempty"`
		Data       *int64  `json:"data_at_most,omitempty"`
		Filesystem *infoFS `json:"filesystem,omitempty"`
	}
	infoProblem struct {
		Severity string `json:"severity"`
		Text     string `json:"text"`
		Advice   string `json:"advice,omitempty"`
	}
	infoSpan struct {
		Start   int64 `json:"start"`
		Sectors int64 `json:"sectors"`
		Size    int64 `json:"size"`
	}
	infoPart struct {
		Number int `json:"number"`
		infoSpan
		Role       string   `json:"role"`
		Type       string   `json:"type"`
		TypeName   string   `json:"type_name"`
		Name       string   `json:"name,omitempty"`
		UUID       string   `json:"uuid,omitempty"`
		Flags      []string `json:"flags"`
		Attributes uint64   `json:"attributes,omitempty"`
		infoContents
		Parts []infoSlice `json:"parts,omitempty"` // according to a table inside the partition
	}
	infoSlice struct {
		Name  string `json:"name"`
		Table string `json:"table"`
		infoSpan
		infoContents
	}
	infoFS struct {
		Kind    string `json:"kind"`
		Label   string `json:"label,omitempty"`
		UUID    string `json:"uuid,omitempty"`
		Size    *int64 `json:"size"`
		Used    *int64 `json:"used"`
		Minimum *int64 `json:"minimum"`
		// Unfilled is how much of its partition it could use and does not, Overhang by how much it is longer than that.
		Unfilled  int64  `json:"unfilled,omitempty"`
		Overhang  int64  `json:"overhang,omitempty"`
		Dirty     string `json:"dirty,omitempty"`
		Elsewhere string `json:"elsewhere,omitempty"` // the parts that lie on another device
		Also      string `json:"also,omitempty"`      // another signature
		Notes     string `json:"notes,omitempty"`
	}
)

func infoOf(d model.Disk, f report.Facts, left *report.Unfinished) infoTarget {
	t := infoTarget{
		Path: f.Path, Format: f.Format, Size: int64(f.Size), SectorSize: int64(d.SectorSize), Sectors: int64(d.Sectors),
		Table: d.Table.String(), TableID: d.Table.ID, InUse: f.InUse, Commit: f.Commit, Note: f.Note, Image: f.Around, Foreign: f.Foreign, Overlays: f.Overlays,
		ReadOnly: string(d.ReadOnly()), Unfinished: left, Undo: f.Undo(), Undos: f.Undos, Ignored: f.Ignored,
		Problems: []infoProblem{}, Partitions: []infoPart{}, Gaps: []infoSpan{},
	}
	if d.Table.Kind == model.TableNone || d.Whole.Known() {
		t.infoContents = contentsOf(d.Whole, d.Size())
	}
	for _, p := range d.Problems() {
		t.Problems = append(t.Problems, infoProblem{
			Severity: severities[p.Severity], Text: p.Text,
			Advice: f.Call.Fill(p.Advice),
		})
	}
	for _, p := range d.Partitions() {
		part := infoPart{
			Number: p.Number, infoSpan: spanOf(d, p.Span), Role: p.Role.String(), Type: string(p.Type),
			TypeName: model.TypeName(d.Table.Kind, p.Type), Name: p.Name, UUID: p.UUID,
			Flags: append([]string{}, model.Flags(d.Table.Kind, p)...), Attributes: p.Attributes,
		}
		if p.Role != model.Extended {
			part.infoContents = contentsOf(p.FS, d.SectorSize.Bytes(p.Span.Len()))
		}
		for s := range d.Slices(p) {
			part.Parts = append(part.Parts, infoSlice{s.Name, s.Table, spanOf(d, s.Span), contentsOf(s.FS, d.SectorSize.Bytes(s.Span.Len()))})
		}
		t.Partitions = append(t.Partitions, part)
	}
	for _, g := range model.Gaps(d, model.Readable) {
		t.Gaps = append(t.Gaps, spanOf(d, g.Span))
	}
	return t
}

func spanOf(d model.Disk, s geometry.Span) infoSpan {
	return infoSpan{Start: int64(s.Start), Sectors: int64(s.Len()), Size: int64(d.SectorSize.Bytes(s.Len()))}
}

// contentsOf describes what n bytes hold.
func contentsOf(f model.Filesystem, n geometry.Bytes) infoContents {
	c := infoContents{Contents: f.Word(), Filesystem: fsOf(f, n)}
	if f.Amount() != "" && f.Used >= 0 {
		c.Data = new(int64(f.Used))
	}
	return c
}

func fsOf(f model.Filesystem, n geometry.Bytes) *infoFS {
	if !f.Known() {
		return nil
	}
	known := func(b geometry.Bytes, is bool) *int64 {
		if !is {
			return nil
		}
		return new(int64(b))
	}
	return &infoFS{
		Kind: string(f.Kind), Label: f.Label, UUID: f.UUID, Size: known(f.Size, f.Size > 0), Used: known(f.Used, f.Used >= 0),
		Minimum: known(f.Min, f.Min > 0), Unfilled: int64(f.Spare(n)), Overhang: int64(f.Excess(n)),
		Dirty: string(f.Dirty), Elsewhere: f.Elsewhere.String(), Also: string(f.Also), Notes: f.Notes,
	}
}

var severities = map[model.Severity]string{model.Note: "note", model.Warning: "warning", model.Fatal: "fatal"}
