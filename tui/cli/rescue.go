package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/rescue"
	"shunt/ops/session"
)

// rescueFlags are the flags of rescue.
type rescueFlags struct {
	everywhere  bool
	plan, table string
}

func (s *settings) rescueCommand() *cobra.Command {
	var f rescueFlags
	cmd := &cobra.Command{
		Use:   "rescue TARGET",
		Short: "Find lost partitions, and write the plan that puts them back",
		Long: "Rescue searches unallocated space for the beginnings of file systems, for copies of their superblocks, and\n" +
			"for what is left of old tables. It prints each lost partition with its place and size, how sure it is and why.\n" +
			"Nothing is written. The files of one are listed and copied with its name instead of a number, as in\n" +
			"`shunt ls TARGET lost1`, or by its place, as in `shunt ls TARGET @2048s`.\n\n" +
			"With --plan it writes a plan that puts them back: those that are sure or likely, lie in no other one, and are not\n" +
			"in the way of anything. The plan writes the table alone, and `shunt apply` carries it out. If there is no table, or\n" +
			"nothing of it can be read, the plan makes a new one around them.",
		Example: "  shunt rescue disk.raw\n  shunt ls disk.raw lost2 /home\n  shunt rescue disk.raw --plan back && shunt apply disk.raw back",
		Args:    arguments(1, 1),
		RunE:    func(cmd *cobra.Command, args []string) error { return s.rescue(cmd.Context(), args[0], f) },
	}
	cmd.Flags().BoolVar(&f.everywhere, "everywhere", false, "search inside partitions too")
	cmd.Flags().StringVar(&f.plan, "plan", "", "write the plan that puts them back to this file; - is standard output")
	cmd.Flags().StringVar(&f.table, "table", "", "kind of a new table, if the plan has to make one: gpt or mbr (default: as it was, as far as can be seen)")
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	choices(cmd, "table", "gpt", "mbr")
	return cmd
}

func (s *settings) rescue(ctx context.Context, path string, f rescueFlags) (err error) {
	kind := model.TableNone
	if f.table != "" {
		known := false
		if kind, known = model.TableKindByName(f.table); !known {
			return usage(fmt.Errorf("--table %s is not possible: use gpt or mbr", safetext.Word(f.table)))
		}
	}
	v, err := s.viewAny(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	found, notes, err := s.search(ctx, v, f.everywhere)
	if err != nil {
		return err
	}
	if f.plan != "-" {
		if err := s.show(report.LostOf(v.Disk(), found), lostText(v.Disk(), found)); err != nil {
			return err
		}
	}
	s.notes(notes)
	if f.plan == "" {
		return nil
	}
	return s.rescuePlan(v, found, kind, f.plan)
}

// viewAny opens a target to look at it, whatever it holds: where the table is gone, it looks like no disk.
func (s *settings) viewAny(path string) (*session.Viewer, error) {
	opts := s.opts
	opts.AnyContent = true
	return session.View(path, opts)
}

// search looks for lost partitions and shows its progress on a terminal.
func (s *settings) search(ctx context.Context, v *session.Viewer, everywhere bool) (found []model.Lost, notes []string, err error) {
	tty := s.err.terminal()
	found, notes, err = v.Lost(ctx, everywhere, func(done, total int64) {
		if tty && total > 0 {
			s.err.status(fmt.Sprintf("searching: %d %% of %s", done*100/total, geometry.FormatBytes(geometry.Bytes(total))))
		}
	})
	if tty {
		s.err.status("")
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("stopped: nothing was written")
	}
	return found, notes, err
}

// rescuePlan writes the plan that puts the finds back.
func (s *settings) rescuePlan(v *session.Viewer, found []model.Lost, kind model.TableKind, path string) error {
	q, left, err := rescue.Stage(ops.NewQueue(v.Disk(), v.Env()), found, kind)
	if err != nil {
		return err
	}
	for _, l := range left {
		s.say("note: lost%d stays out of the plan: %v", l.Index+1, l.Err)
	}
	text := plan.Format(q)
	if !strings.Contains(text, " keep") {
		return errors.New("there is nothing to put back: no plan was written")
	}
	if path == "-" {
		_, err := s.out.Write([]byte(text))
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		return err
	}
	s.say("The plan is in %s: `%s` shows what it does and asks before it writes.", path,
		safetext.Command("shunt", "apply", v.Facts().Path, path))
	return nil
}

// lostText formats the finds for people.
func lostText(d model.Disk, found []model.Lost) string {
	if len(found) == 0 {
		return "no lost partition was found\n"
	}
	var rows [][]string
	for i, l := range found {
		rows = append(rows, []string{
			fmt.Sprint("lost", i+1), plain(l.Span.Start), plain(l.Span.End - 1),
			geometry.FormatBytes(d.SectorSize.Bytes(l.Span.Len())), l.FS.Word(), l.FS.Label, l.Trust.String(),
		})
	}
	var b strings.Builder
	b.WriteString(grid([]string{"Lost", "Start", "End", "Size", "Contents", "Label", "How sure"}, rows, "lrrrlll") + "\n")
	for i, l := range found {
		b.WriteString(hang("", 2, safetext.Printable(fmt.Sprintf("lost%d: %s", i+1, strings.Join(report.LostWhy(l), "; ")))))
	}
	return b.String()
}

// isLost reports whether an argument names a lost partition: "lost1", or "@" and where it begins.
func isLost(arg string) bool {
	number, named := strings.CutPrefix(arg, "lost")
	_, err := strconv.Atoi(number)
	return named && err == nil || strings.HasPrefix(arg, "@")
}

// viewLost opens a target and calls do for a lost partition.
func (s *settings) viewLost(path, name string, do func(*session.Viewer, model.PartID) error) (err error) {
	v, err := s.viewAny(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	id, err := s.lostID(v, name)
	if err != nil {
		return err
	}
	return do(v, id)
}

func (s *settings) lostID(v *session.Viewer, name string) (model.PartID, error) {
	z := v.Disk().SectorSize
	if place, at := strings.CutPrefix(name, "@"); at {
		off, err := geometry.ParseSize(place, z)
		if err != nil {
			return 0, usage(fmt.Errorf("%s is not a place: write it as in @2048s or @1MiB", name))
		}
		return model.LostID(z.Down(off)), nil
	}
	found, _, err := s.search(context.Background(), v, false)
	if err != nil {
		return 0, err
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(name, "lost"))
	if n < 1 || n > len(found) {
		return 0, fmt.Errorf("there is no %s: `%s` lists the lost partitions", name, safetext.Command("shunt", "rescue", v.Facts().Path))
	}
	return model.LostID(found[n-1].Span.Start), nil
}
