package cli

import (
	"context"

	"github.com/spf13/cobra"

	"shunt/ops"
	"shunt/ops/session"
)

// editFlags adds the flags of commands that change what lies around the disk of an image.
func (s *settings) editFlags(cmd *cobra.Command, f *applyFlags) {
	s.applyFlags(cmd, f)
	cmd.Flags().BoolVar(&f.dropBitmaps, "drop-bitmaps", false, "drop the persistent bitmaps of a qcow2 image, which any edit makes worthless")
}

// editImage applies one operation on what lies around the disk of an image.
func (s *settings) editImage(ctx context.Context, path string, f applyFlags, operation func(*session.Session) (ops.Operation, error)) error {
	s.opts.AnyContent = true
	return s.apply(ctx, path, f, func(sess *session.Session) (ops.Queue, error) {
		q := ops.NewQueue(sess.Disk(), sess.Env())
		if err := requireFinished(sess); err != nil {
			return q, err
		}
		op, err := operation(sess)
		if err != nil {
			return q, err
		}
		if f.dropBitmaps && sess.Disk().Image.Bitmaps > 0 {
			if q, err = q.Stage(ops.DropBitmaps{}); err != nil {
				return q, err
			}
		}
		return q.Stage(op)
	})
}
