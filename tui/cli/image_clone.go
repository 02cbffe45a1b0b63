package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/image"
)

// cloneFlags are the flags of image clone.
type cloneFlags struct {
	format, size string
	force        bool
}

func (s *settings) imageCloneCommand() *cobra.Command {
	var f cloneFlags
	var c image.Cloning
	cmd := &cobra.Command{
		Use:   "clone SOURCE FILE",
		Short: "Copy the used blocks of a device or an image to a new image",
		Long: "Clone copies a disk with all that is in use: everything before the first partition, the tables, and the blocks\n" +
			"that no file system calls free. SOURCE is only read; nothing may be writing to it. FILE gets its name when the copy\n" +
			"is complete. Until then the copy grows in FILE.part, and FILE.part.map says how far it is, in ddrescue's form.\n\n" +
			"What cannot be read ends the copy, with the partition and the sectors named; --resume goes on. With --skip-bad it\n" +
			"reads as zeros in the copy, and all such places are listed.",
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Source, c.Path = args[0], args[1]
			return s.imageClone(cmd, c, f)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "", "raw, qcow2, vmdk, vdi, vpc, vhdx, qed or parallels (default: by the ending of FILE, else raw)")
	s.sourceFormatFlag(cmd, "SOURCE")
	cmd.Flags().StringVar(&f.size, "size", "", "the size of the copy; the backup of a GPT goes to its end")
	cmd.Flags().BoolVar(&c.SkipBad, "skip-bad", false, "go on behind sectors that cannot be read")
	cmd.Flags().BoolVar(&c.Resume, "resume", false, "go on with a copy that was stopped")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace FILE if it exists")
	choices(cmd, "format", image.Formats()...)
	return cmd
}

func (s *settings) imageClone(cmd *cobra.Command, c image.Cloning, f cloneFlags) (err error) {
	if c.Format, err = formatFlag(f.format, c.Path); err != nil {
		if f.format != "" {
			return usageOf(cmd, err)
		}
		c.Format = image.Raw
	}
	if f.size != "" {
		if c.Size, err = geometry.ParseSize(f.size, s.opts.SectorSize); err != nil {
			return usageOf(cmd, err)
		}
	}
	p := s.counting("Copying")
	c.Watch = p.show
	done, err := image.Clone(cmd.Context(), c, image.Options{Replace: f.force, Session: s.opts})
	p.end()
	if err != nil {
		return err
	}
	s.say("%s holds the disk of %s, %s. %s were read, and %s of free space were left out.", safetext.Printable(c.Path),
		safetext.Printable(c.Source), geometry.FormatBytes(done.Size), geometry.FormatBytes(done.Read), geometry.FormatBytes(done.LeftOut))
	if len(done.Bad) == 0 {
		return nil
	}
	s.say("What cannot be read is zero in the copy:")
	lost := geometry.Bytes(0)
	for _, bad := range done.Bad {
		s.say("  %s (%s)", bad, geometry.FormatBytes(geometry.Bytes(bad.Len)))
		lost += geometry.Bytes(bad.Len)
	}
	return fmt.Errorf("%s is complete but for %s that cannot be read: check the file systems in it", safetext.Printable(c.Path), geometry.FormatBytes(lost))
}
