package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/session"
)

func (s *settings) imageResizeCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "resize FILE SIZE",
		Short: "Make an image longer or shorter",
		Long: "Resize sets the size of the disk in an image, as the line `image size` of a plan does. SIZE is the new size;\n" +
			"with a sign (+2GiB, -512MiB) it is the difference. Partitions stay as they are, and a size that would cut one is\n" +
			"refused. A smaller size is asked about.",
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.imageResize(cmd.Context(), args[0], args[1], f)
		},
	}
	takesNegative(cmd)
	s.editFlags(cmd, &f)
	return cmd
}

func (s *settings) imageResize(ctx context.Context, path, size string, f applyFlags) error {
	z := s.opts.SectorSize
	by, to := geometry.Bytes(0), geometry.Bytes(0)
	var err error
	relative := strings.HasPrefix(size, "+") || strings.HasPrefix(size, "-")
	if relative {
		by, err = geometry.ParseDelta(size, z)
	} else {
		to, err = geometry.ParseSize(size, z)
	}
	if err == nil && by == 0 && to == 0 {
		err = errors.New("the size is nothing: use one sector or more")
	}
	if err != nil {
		return usage(err)
	}
	f.asks = func(q ops.Queue) bool { return q.Preview().Sectors < q.Initial().Sectors }
	f.nothing = path + " has this size already; nothing was changed."
	s.opts.AnyContent = true
	return s.apply(ctx, path, f, func(sess *session.Session) (ops.Queue, error) {
		d := sess.Disk()
		q := ops.NewQueue(d, sess.Env())
		if err := requireFinished(sess); err != nil {
			return q, err
		}
		op := ops.ImageSize{Sectors: d.SectorSize.Up(to)}
		if relative {
			op.Sectors = d.Sectors + rounded(by, d.SectorSize)
		}
		switch {
		case op.Sectors <= 0:
			return q, usage(fmt.Errorf("%s leaves nothing of %s", size, path))
		case op.Sectors == d.Sectors:
			return q, nil
		}
		return q.Stage(op)
	})
}

// rounded converts a difference to sectors and rounds its magnitude up.
func rounded(b geometry.Bytes, z geometry.SectorSize) geometry.Sector {
	if b < 0 {
		return -z.Up(-b)
	}
	return z.Up(b)
}
