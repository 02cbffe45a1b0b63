package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/enlarge"
	"shunt/ops/session"
)

// resizing is what `enlarge` and `shrink` are asked for.
type resizing struct {
	applyFlags
	partition string // the number of the root, or "" to find it
	// size returns the wanted size of a disk in sectors. It is nil to shrink as far as possible.
	size func(d model.Disk) (geometry.Sector, error)
	plan func(q ops.Queue, id model.PartID, n geometry.Sector, align geometry.Alignment) ([]ops.Operation, error)
}

const rootHelp = "The root is the partition whose type says so; else the one whose own /etc/fstab says so; else the largest that\n" +
	"can grow. Partitions in front of it do not change, and those behind it keep their size and their contents.\n" +
	"The whole edit is rehearsed, shown, asked about and applied in one transaction, as by `shunt apply`."

func (s *settings) enlargeCommand() *cobra.Command {
	var r resizing
	cmd := &cobra.Command{
		Use:   "enlarge TARGET to|by SIZE",
		Short: "Enlarge an image, and its root file system with it",
		Long: "Enlarge makes the image SIZE long, or longer by SIZE, moves what lies behind the root partition to the new end,\n" +
			"and lets the root and its file system fill the room. To the present size, it gives the root the free space\n" +
			"behind it.\n\n" + rootHelp,
		Example: "  shunt enlarge server.qcow2 to 40GiB\n  shunt enlarge pi.img by 2GiB --yes",
		Args:    arguments(3, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			way, size := args[1], args[2]
			switch {
			case way != "to" && way != "by":
				return usageOf(cmd, fmt.Errorf("%q is not possible here: use to or by", way))
			case strings.HasPrefix(size, "-"):
				return usageOf(cmd, fmt.Errorf("%s %s would make it smaller: `shunt shrink` does that, and takes the size that the image is to have", way, size))
			case way == "to" && strings.HasPrefix(size, "+"):
				return usageOf(cmd, fmt.Errorf("to %s is not a size that an image can have: write by %[1]s to make it longer by that", size))
			}
			r.size, r.plan = sizeWanted(way, size), enlarge.Larger
			return s.resizeRoot(cmd.Context(), args[0], r)
		},
	}
	takesNegative(cmd)
	s.resizeFlags(cmd, &r)
	return cmd
}

func (s *settings) shrinkCommand() *cobra.Command {
	var r resizing
	cmd := &cobra.Command{
		Use:   "shrink TARGET [to SIZE]",
		Short: "Shrink an image, by shrinking its root file system",
		Long: "Shrink makes the image SIZE long and takes what is missing from the root partition; without SIZE it makes the root\n" +
			"and the image as small as the contents of the root allow. What lies behind the root moves up.\n\n" + rootHelp,
		Example: "  shunt shrink server.qcow2 to 20GiB\n  shunt shrink pi.img",
		Args:    arguments(1, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.plan = enlarge.Smaller
			switch {
			case len(args) == 1:
				r.plan = func(q ops.Queue, id model.PartID, _ geometry.Sector, align geometry.Alignment) ([]ops.Operation, error) {
					return enlarge.Tight(q, id, align)
				}
			case args[1] != "to":
				return usageOf(cmd, fmt.Errorf("%q is not possible here: use to", args[1]))
			case len(args) == 2:
				return usageOf(cmd, errors.New("SIZE is missing behind to"))
			case strings.HasPrefix(args[2], "-") || strings.HasPrefix(args[2], "+"):
				return usageOf(cmd, fmt.Errorf("to %s is not a size that an image can have: write the size that is to be left, without a sign", args[2]))
			default:
				r.size = sizeWanted(args[1], args[2])
			}
			return s.resizeRoot(cmd.Context(), args[0], r)
		},
	}
	takesNegative(cmd)
	s.resizeFlags(cmd, &r)
	return cmd
}

func (s *settings) resizeFlags(cmd *cobra.Command, r *resizing) {
	s.applyFlags(cmd, &r.applyFlags)
	cmd.Flags().StringVar(&r.partition, "partition", "", "number of the root partition, if it is not to be found")
}

// sizeWanted returns a function that parses a size behind "to", or a difference behind "by".
func sizeWanted(word, text string) func(d model.Disk) (geometry.Sector, error) {
	return func(d model.Disk) (geometry.Sector, error) {
		z, now := d.SectorSize, geometry.Bytes(0)
		parse := geometry.ParseSize
		if word == "by" {
			now = d.Size()
		}
		if strings.HasPrefix(text, "+") {
			parse = geometry.ParseDelta
		}
		b, err := parse(text, z)
		switch {
		case err != nil:
			return 0, usage(err)
		case b%geometry.Bytes(z) != 0:
			return 0, fmt.Errorf("%s is not a whole number of sectors of %d bytes: use %s or %s", text, z,
				geometry.FormatExact(z.Bytes(z.Down(b)), z), geometry.FormatExact(z.Bytes(z.Up(b)), z))
		case now+b <= 0:
			return 0, fmt.Errorf("%s leaves nothing of the image", text)
		}
		return z.Down(now + b), nil
	}
}

// resizeRoot enlarges or shrinks the image at path together with its root.
func (s *settings) resizeRoot(ctx context.Context, path string, r resizing) error {
	r.nothing = "There is nothing to do: nothing was changed."
	return s.apply(ctx, path, r.applyFlags, func(sess *session.Session) (ops.Queue, error) {
		q := ops.NewQueue(sess.Disk(), sess.Env())
		if err := editable(sess); err != nil {
			return q, err
		}
		n := geometry.Sector(0)
		if r.size != nil {
			var err error
			if n, err = r.size(sess.Disk()); err != nil {
				return q, err
			}
		}
		id, err := s.root(ctx, sess, r.partition)
		if err != nil {
			return q, err
		}
		list, err := r.plan(q, id, n, s.grid)
		for _, op := range list {
			if err == nil {
				q, err = q.Stage(op)
			}
		}
		if stuck := (*enlarge.Stuck)(nil); errors.As(err, &stuck) {
			err = fmt.Errorf("%w. %s", err, wayBack(sess))
		}
		return q, err
	})
}

// wayBack says how a root that cannot be made smaller gets its old size.
func wayBack(sess *session.Session) string {
	f := sess.Facts()
	if f.Undo() == nil {
		return "`" + f.Call.Line("undo") + "` takes back an enlargement only as long as it is the last edit, and no edit is kept here"
	}
	return "`" + f.Call.Line("undo") + "` takes back the last edit, of " + f.Undo().When.Local().Format(minute)
}

// root returns the partition that is the root. Where there are several, it asks which one, if there is a terminal.
func (s *settings) root(ctx context.Context, sess *session.Session, number string) (model.PartID, error) {
	d := sess.Disk()
	if number != "" {
		return numbered(d, number)
	}
	roots, err := enlarge.Find(d, sess.Env(), func(p model.Partition) []string { return sess.Fstabs(ctx, p.ID) })
	if err != nil {
		return 0, err
	}
	if doubt := enlarge.DoubtOf(d, roots); doubt != nil {
		if !term.IsTerminal(s.in.Fd()) {
			return 0, doubt
		}
		s.say("%s.", ops.Capital(doubt.Error()))
		return numbered(d, s.ask(ctx, "Number of the root partition: "))
	}
	p, _ := d.Partition(roots.Parts[0])
	s.say("Root: %s, %s.", enlarge.Named(d, p), roots.Rank)
	return p.ID, nil
}

// numbered returns the partition with this number. 0 is the file system that covers a disk without a table.
func numbered(d model.Disk, number string) (model.PartID, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(number, "p"))
	p, ok := d.ByNumber(n)
	if n == 0 {
		p, ok = d.Partition(0)
	}
	switch {
	case err != nil:
		return 0, usage(fmt.Errorf("%q is not the number of a partition", number))
	case !ok:
		return 0, tried.Errorf("find the root: there is no partition %d", n)
	case p.Role == model.Extended:
		return 0, tried.Errorf("find the root: %s is the extended partition: name one inside it", p.Ref())
	}
	return p.ID, nil
}
