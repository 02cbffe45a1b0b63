package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/image"
)

// createFlags are the flags of image create.
type createFlags struct {
	format, table, backing string
	force                  bool
}

func (s *settings) imageCreateCommand() *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create FILE [SIZE]",
		Short: "Make an empty image, or one over a backing file",
		Long: "Create makes an image of a disk of SIZE (\"10GiB\") that takes hardly any room until it is written to. With --backing\n" +
			"it shows the disk of another image, which is never written, and SIZE may be left out. A relative name of that image\n" +
			"is meant from the working directory, and is stored as seen from FILE. With --table the disk gets an empty partition\n" +
			"table.",
		Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return s.imageCreate(cmd, args, f) },
	}
	takesNegative(cmd)
	cmd.Flags().StringVar(&f.format, "format", "", "raw or qcow2 (default: by the ending of FILE; without one raw, with --backing qcow2)")
	cmd.Flags().StringVar(&f.backing, "backing", "", "image that is shown until something is written, raw or qcow2")
	cmd.Flags().StringVar(&f.table, "table", "", "make an empty partition table: gpt or mbr")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace FILE if it exists")
	choices(cmd, "format", string(image.Raw), string(image.Qcow2))
	choices(cmd, "table", "gpt", "mbr")
	return cmd
}

func (s *settings) imageCreate(cmd *cobra.Command, args []string, f createFlags) error {
	b, err := f.blank(args, s.opts.SectorSize)
	if err != nil {
		return usageOf(cmd, err)
	}
	size, err := image.Create(cmd.Context(), b, image.Options{Replace: f.force, Session: s.opts})
	if err != nil {
		return err
	}
	over := ""
	if b.Backing != "" {
		over = " over " + safetext.Printable(b.Backing)
	}
	s.say("%s is a %s image of %s%s.", safetext.Printable(b.Path), b.Format, geometry.FormatBytes(size), over)
	return nil
}

// blank returns the image that the flags and arguments describe.
func (f createFlags) blank(args []string, z geometry.SectorSize) (b image.Blank, err error) {
	b = image.Blank{Path: args[0], Backing: f.backing}
	switch b.Format, err = formatFlag(f.format, b.Path); {
	case f.format != "" && err != nil:
		return b, err
	case errors.Is(err, image.ErrFormat) && f.backing != "":
		b.Format = image.Qcow2
	case errors.Is(err, image.ErrFormat):
		b.Format = image.Raw
	}
	if !b.Format.Own() {
		return b, fmt.Errorf("create makes raw and qcow2 images, and %s would be %s: make one of those and use `shunt image convert`",
			safetext.Printable(b.Path), b.Format)
	}
	switch f.table {
	case "":
	case "gpt":
		b.Table = model.TableGPT
	case "mbr", "msdos", "dos":
		b.Table = model.TableMBR
	default:
		return b, fmt.Errorf("--table is %q: use gpt or mbr", f.table)
	}
	switch {
	case f.table != "" && f.backing != "":
		return b, errors.New("--table and --backing exclude each other: the disk has the table of its backing file")
	case f.backing != "" && b.Format == image.Raw:
		return b, fmt.Errorf("a raw image has no backing file, and %s would be raw: give a name with .qcow2, or --format qcow2",
			safetext.Printable(b.Path))
	case len(args) > 1:
		b.Size, err = geometry.ParseSize(args[1], z)
		return b, err
	case f.backing == "":
		return b, errors.New("SIZE is missing: only with --backing it can be left out")
	}
	return b, nil
}
