package cli

import (
	"github.com/spf13/cobra"

	"shunt/ops/image"
)

func (s *settings) imageInfoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "info FILE",
		Short: "Describe an image file: format, sizes, backing files, snapshots, and who has it open",
		Long: "Info describes an image file of any format and its backing files. It locks nothing, so files in use can be shown, too.\n" +
			"A missing backing file is named, and is no error. What is in the disk is shown by `shunt info`.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := image.DescribeAs(cmd.Context(), args[0], s.opts.Format)
			if err != nil {
				return err
			}
			return s.show(i, sheetText(i.Sheet()))
		},
	}
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	return cmd
}
