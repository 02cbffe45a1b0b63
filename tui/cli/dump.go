package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"shunt/ops/report"
	"shunt/ops/session"
)

// mostDumped is how many sectors dump prints at most.
const mostDumped = 1 << 16

func (s *settings) dumpCommand() *cobra.Command {
	var at string
	var count int
	cmd := &cobra.Command{
		Use:   "dump TARGET",
		Short: "Print sectors of a target in hex and text, and say what they are",
		Long: "Dump prints sectors as they are now, of an image of any format or of a device, and says of each what it is: the\n" +
			"MBR, a GPT header, an EBR, a boot sector, a superblock, and its place in a partition. Nothing is written.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if count < 1 || count > mostDumped {
				return usageOf(cmd, fmt.Errorf("--count is %d: use 1 to %d", count, mostDumped))
			}
			return s.dump(cmd, args[0], at, count)
		},
	}
	cmd.Flags().StringVar(&at, "sector", "0", "where to begin: a sector (2048, 0x800), an offset (1MiB), a partition (p2), or end")
	cmd.Flags().IntVar(&count, "count", 1, "how many sectors")
	return cmd
}

func (s *settings) dump(cmd *cobra.Command, path, at string, count int) (err error) {
	opts := s.opts
	opts.AnyContent = true
	v, err := session.View(path, opts)
	if err != nil {
		return err
	}
	defer func() { _ = v.Close() }() // it was only read
	first, err := report.SectorAt(at, v.Disk())
	if err != nil {
		return usageOf(cmd, fmt.Errorf("--sector: %w", err))
	}
	bad := 0
	for n := 0; n < count; n += 64 { // not all in memory at once
		list := v.Sectors(first, min(64, count-n))
		for _, sector := range list {
			text := sector.Title() + "\n"
			if sector.Err != "" {
				bad++
				text += "It cannot be read: " + sector.Err + "\n"
			}
			for _, row := range report.Hex(sector.Data, 16) {
				text += row + "\n"
			}
			if _, err := io.WriteString(s.out, text); err != nil {
				return err
			}
			first = sector.At + 1
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of the sectors cannot be read", bad)
	}
	return nil
}
