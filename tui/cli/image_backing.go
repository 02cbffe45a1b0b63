package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"shunt/ops"
	"shunt/ops/image"
	"shunt/ops/session"
)

func (s *settings) imageFlattenCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "flatten OVERLAY",
		Short: "Make an overlay independent of its backing file",
		Long: "Flatten copies all that OVERLAY shows of its backing files into it, in one transaction. What is zero there takes no\n" +
			"room. The backing files stay as they are and are not needed any more.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.editImage(cmd.Context(), args[0], f, func(*session.Session) (ops.Operation, error) { return ops.Flatten{}, nil })
		},
	}
	s.editFlags(cmd, &f)
	return cmd
}

func (s *settings) imageRebaseCommand() *cobra.Command {
	var f applyFlags
	var base string
	cmd := &cobra.Command{
		Use:   "rebase OVERLAY --backing BASE",
		Short: "Give an overlay another backing file, with the disk as it is",
		Long: "Rebase makes BASE the backing file of OVERLAY, in one transaction. The disk stays the same: where BASE holds something\n" +
			"else than the present backing file, the overlay gets a copy of what it shows now. A relative BASE is meant from the\n" +
			"working directory, and recorded relative to the overlay.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if base == "" {
				return usage(errors.New("--backing BASE is missing; an overlay without any backing file is made by `shunt image flatten`"))
			}
			return s.editImage(cmd.Context(), args[0], f, func(sess *session.Session) (ops.Operation, error) { return rebase(sess, base) })
		},
	}
	cmd.Flags().StringVar(&base, "backing", "", "the image to show where the overlay has nothing of its own")
	s.editFlags(cmd, &f)
	return cmd
}

func rebase(sess *session.Session, base string) (ops.Operation, error) {
	other, err := sess.Env().Other(base)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be the backing file: %w", base, err)
	}
	return ops.Rebase{Base: other, Name: other.Recorded}, nil
}

func (s *settings) imageCommitCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "commit OVERLAY",
		Short: "Write what an overlay has of its own into its backing file",
		Long: "Commit makes the backing file of OVERLAY what the overlay shows, in one transaction on the backing file: `shunt recover`\n" +
			"and `shunt undo` are for that file. A backing file that is too short grows. The overlay stays, and shows the same as\n" +
			"before. Other overlays of the backing file become worthless; those beside it are named before anything is written.\n" +
			"Where a format other than raw and qcow2 takes part, `qemu-img` commits into a copy, which then replaces the backing\n" +
			"file. That needs room for the copy, and cannot be undone.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.imageCommit(cmd.Context(), args[0], f) },
	}
	s.editFlags(cmd, &f)
	return cmd
}

func (s *settings) imageCommit(ctx context.Context, overlay string, f applyFlags) error {
	if about, err := image.Describe(ctx, overlay); err == nil { // otherwise opening it fails, and says more
		if foreign, err := about.NeedsQEMU(); err != nil {
			return err
		} else if foreign {
			return s.commitByQEMU(ctx, about, f)
		}
	}
	base, _, err := session.BackingOf(overlay, s.opts)
	if err != nil {
		return err
	}
	if base == "" {
		return fmt.Errorf("%s has no backing file into which it could be committed", overlay)
	}
	s.say("%s will become what %s shows.", base, overlay)
	return s.editImage(ctx, base, f, func(sess *session.Session) (ops.Operation, error) {
		other, err := sess.Env().Other(overlay)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be committed: %w", overlay, err)
		}
		return ops.Commit{Overlay: other}, nil
	})
}
