package cli

import "github.com/spf13/cobra"

// imageCommand holds the commands that make, describe and change whole image files. Each is in a file of its own,
// image_NAME.go.
func (s *settings) imageCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "image COMMAND",
		Short: "Make, describe and change whole image files",
		Long: "These commands work on image files as a whole. Nothing is written over an existing file without --force, and\n" +
			"never over a source or a device. A new file gets its name when it is complete: after a failure nothing has it.",
	},
		s.imageCreateCommand(),
		s.imageInfoCommand(),
		s.imageConvertCommand(),
		s.imageCheckCommand(),
		s.imageDiffCommand(),
		s.imageSparsifyCommand(),
		s.imageCloneCommand(),
		s.imageSnapshotCommand(), s.imageResizeCommand(), s.imageCommitCommand(), s.imageRebaseCommand(),
		s.imageFlattenCommand(),
	)
}
