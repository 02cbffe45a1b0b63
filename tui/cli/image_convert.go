package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/image"
	"shunt/ops/target/registry"
)

// convertFlags are the flags of image convert.
type convertFlags struct {
	format, compress string
	force            bool
	sectorSize       int
	unusable         bool
}

func (s *settings) imageConvertCommand() *cobra.Command {
	var f convertFlags
	cmd := &cobra.Command{
		Use:   "convert SRC DST",
		Short: "Make an image in another format of an image or a device",
		Long: "Convert writes the disk in SRC, an image or a device, into the new image DST. Backing files are read, and DST\n" +
			"stands alone. Zeros take no room. Nobody can write to SRC meanwhile. Raw and qcow2 need no other program; for the\n" +
			"other formats `qemu-img` is called.\n\n" +
			"With --to-sector-size the table in DST counts in other sectors: every partition keeps its bytes, number, name and\n" +
			"IDs. --sector-size says which sectors SRC has. A file system that counts in smaller sectors cannot be used then.",
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.imageConvert(cmd, image.Conversion{From: args[0], To: args[1]}, f)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "", "raw, qcow2, vmdk, vdi, vpc, vhdx, qed or parallels (default: by the ending of DST)")
	s.sourceFormatFlag(cmd, "SRC")
	cmd.Flags().StringVar(&f.compress, "compress", "", "compress a qcow2 image: zstd (QEMU 5.1 and later) or zlib (all)")
	cmd.Flags().IntVar(&f.sectorSize, "to-sector-size", 0, "write the table of DST for sectors of 512 or 4096 bytes (default: those of SRC)")
	cmd.Flags().BoolVar(&f.unusable, "allow-unusable", false, "with --to-sector-size: also keep file systems that cannot be used with such sectors")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace DST if it exists")
	choices(cmd, "format", image.Formats()...)
	choices(cmd, "compress", "zstd", "zlib")
	choices(cmd, "to-sector-size", "512", "4096")
	return cmd
}

// sourceFormatFlag adds the flag for the format of a command's source, whose --format is that of the result.
func (s *settings) sourceFormatFlag(cmd *cobra.Command, name string) {
	const flag = "source-format"
	cmd.Flags().StringVar(&s.format, flag, "", "format of "+name+" (default: as its content says); raw takes its bytes as the disk")
	choices(cmd, flag, registry.Formats()...)
}

// choices completes the values of a flag.
func choices(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func (s *settings) imageConvert(cmd *cobra.Command, c image.Conversion, f convertFlags) (err error) {
	if c.Format, err = formatFlag(f.format, c.To); err != nil {
		return usageOf(cmd, err)
	}
	switch f.compress {
	case "", "zstd", "zlib":
		c.Compression = f.compress
	default:
		return usageOf(cmd, fmt.Errorf("--compress is %q: use zstd or zlib", f.compress))
	}
	if c.Compression != "" && c.Format != image.Qcow2 {
		return usageOf(cmd, fmt.Errorf("--compress is for qcow2 images, and %s would be %s", c.To, c.Format))
	}
	c.SectorSize, c.Unusable = geometry.SectorSize(f.sectorSize), f.unusable
	switch {
	case c.SectorSize != 0 && !c.SectorSize.Valid():
		return usageOf(cmd, fmt.Errorf("--to-sector-size %d is not possible: use 512 or 4096", f.sectorSize))
	case c.SectorSize != 0 && !c.Format.Own():
		return usageOf(cmd, fmt.Errorf("--to-sector-size is for raw and qcow2 images, and %s would be %s", c.To, c.Format))
	case c.Unusable && c.SectorSize == 0:
		return usageOf(cmd, errors.New("--allow-unusable is for --to-sector-size"))
	}
	p := s.counting("Converting")
	c.Watch = p.show
	var notes []string
	c.Note = func(text string) { notes = append(notes, text) }
	err = image.Convert(cmd.Context(), c, image.Options{Replace: f.force, Session: s.opts})
	p.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped; %s was not made", c.To)
	}
	if err != nil {
		return err
	}
	s.say("%s holds the disk of %s in the format %s.", safetext.Printable(c.To), safetext.Printable(c.From), c.Format)
	if c.SectorSize != 0 {
		s.say("Its table counts in sectors of %d bytes: use it with --sector-size %[1]d, and on disks with such sectors.", c.SectorSize)
	}
	for _, text := range notes {
		s.say("Note: %s", text)
	}
	return nil
}

// formatFlag returns the format that --format names, or the one by the ending of a path.
func formatFlag(flag, path string) (image.Format, error) {
	if flag == "" {
		return image.FormatOf(path)
	}
	return image.ParseFormat(flag)
}

// counting returns what shows the progress of a copy: in the last line of a terminal, else not at all.
func (s *settings) counting(doing string) *counter {
	return &counter{settings: s, doing: doing, tty: s.err.terminal()}
}

// A counter shows how much of something is done.
type counter struct {
	*settings
	doing string
	tty   bool
	last  int64 // in thousandths
}

func (c *counter) show(done, total int64) {
	if !c.tty || total <= 0 {
		return
	}
	now := int64(float64(done) / float64(total) * 1000)
	if now == c.last {
		return
	}
	c.last = now
	c.err.status(fmt.Sprintf("%s: %.1f%% of %s", c.doing, float64(now)/10, geometry.FormatBytes(geometry.Bytes(total))))
}

func (c *counter) end() {
	if c.tty {
		c.err.status("")
	}
}
