package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/image"
)

// createFlags are the flags of image create.
type createFlags struct {
	format, table string
	force         bool
}

func (s *settings) imageCreateCommand() *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create FILE SIZE",
		Short: "Make an empty image",
		Long: "Create makes an image of a disk of SIZE (\"10GiB\") that takes hardly any room until it is written to. With --table\n" +
			"the disk gets an empty partition table.",
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return s.imageCreate(cmd.Context(), args, f) },
	}
	cmd.Flags().StringVar(&f.format, "format", "", "raw (default: raw)")
	cmd.Flags().StringVar(&f.table, "table", "", "make an empty partition table: gpt or mbr")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace a file that exists")
	return cmd
}

func (s *settings) imageCreate(ctx context.Context, args []string, f createFlags) error {
	b := image.Blank{Path: args[0], Format: image.Format(f.format), Sector: s.opts.SectorSize}
	if b.Format == "" {
		b.Format = image.Raw
	}
	switch f.table {
	case "":
	case "gpt":
		b.Table = model.TableGPT
	case "mbr", "msdos", "dos":
		b.Table = model.TableMBR
	default:
		return usage(fmt.Errorf("--table is %q: use gpt or mbr", f.table))
	}
	var err error
	if b.Size, err = geometry.ParseSize(args[1], b.Sector); err != nil {
		return usage(err)
	}
	if err := image.Create(ctx, b, image.Options{Replace: f.force, Session: s.opts}); err != nil {
		return err
	}
	s.say("%s is a %s image of %s.", b.Path, b.Format, geometry.FormatBytes(b.Size))
	return nil
}
