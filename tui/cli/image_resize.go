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
	minus := ""
	cmd := &cobra.Command{
		Use:   "resize FILE SIZE",
		Short: "Make an image longer or shorter",
		Long: "Resize sets the size of the disk in a raw or qcow2 image, as the line `image size` of a plan does. SIZE is the new size;\n" +
			"with a sign (+2GiB, -512MiB) it is the difference. Partitions stay as they are, and a size that would cut one is\n" +
			"refused. A smaller size is asked about.",
		Args: func(cmd *cobra.Command, args []string) error {
			if minus != "" {
				args = append(args, minus)
			}
			return arguments(2, 2)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.imageResize(cmd.Context(), args[0], strings.Join(append(args[1:], minus), ""), f)
		},
	}
	// A size such as -1GiB looks like a flag with the name 1.
	for digit := '0'; digit <= '9'; digit++ {
		name := string(digit)
		cmd.Flags().VarPF(negative{name, &minus}, "minus-"+name, name, "").Hidden = true
	}
	s.editFlags(cmd, &f)
	return cmd
}

// negative is a flag that is the first digit of a negative size.
type negative struct {
	digit string
	size  *string
}

func (n negative) String() string { return "" }
func (n negative) Type() string   { return "SIZE" }
func (n negative) Set(rest string) error {
	*n.size = "-" + n.digit + rest
	return nil
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
