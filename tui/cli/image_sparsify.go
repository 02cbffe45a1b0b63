package cli

import (
	"context"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/session"
)

func (s *settings) imageSparsifyCommand() *cobra.Command {
	var f applyFlags
	keepUndo := false
	cmd := &cobra.Command{
		Use:   "sparsify FILE",
		Short: "Give back the room of free space in an image",
		Long: "Sparsify gives room in an image back to the host, in one transaction: the free blocks of file systems,\n" +
			"blocks of zeros, and unallocated space behind the first partition. Files stay as they are, and so does everything\n" +
			"that is not recognised, hibernated, encrypted or in front of the first partition. What was in free blocks is lost,\n" +
			"and nothing is kept for an undo, since that would keep the room taken. An image in a format other than raw and\n" +
			"qcow2 is written anew, and the new image takes the name.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.noUndo = !keepUndo
			return s.imageSparsify(cmd.Context(), args[0], f)
		},
	}
	cmd.Flags().BoolVar(&f.yes, "yes", false, "commit without asking")
	cmd.Flags().BoolVar(&f.rehearse, "rehearse", false, "stop after the rehearsal")
	cmd.Flags().BoolVar(&keepUndo, "keep-undo", false, "of an image that is not raw: keep what an undo needs, so that the room comes back only with the next transaction")
	cmd.Flags().BoolVar(&s.json, "json", false, "print progress, report and result as JSON lines")
	return cmd
}

func (s *settings) imageSparsify(ctx context.Context, path string, f applyFlags) error {
	before := roomOf(path)
	err := s.apply(ctx, path, f, func(sess *session.Session) (ops.Queue, error) { return staged(sess, ops.Sparsify{}) })
	if err == nil && !f.rehearse && before >= 0 {
		s.say("%s took %s of the host's disk and takes %s now.", path, geometry.FormatBytes(before), geometry.FormatBytes(roomOf(path)))
	}
	return err
}

// staged returns a queue with the one operation.
func staged(sess *session.Session, op ops.Operation) (ops.Queue, error) {
	if err := requireFinished(sess); err != nil {
		return ops.Queue{}, err
	}
	return ops.NewQueue(sess.Disk(), sess.Env()).Stage(op)
}

// roomOf returns how much room a file takes on its host, or -1 if that is not known.
func roomOf(path string) geometry.Bytes {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1
	}
	const unit = 512 // of st_blocks
	return geometry.Bytes(st.Blocks * unit)
}
