package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/extract"
	"shunt/ops/report"
	"shunt/ops/session"
)

func (s *settings) cpCommand() *cobra.Command {
	var o extract.Options
	cmd := &cobra.Command{
		Use:   "cp TARGET:P:PATH DEST",
		Short: "Copy a file or a directory out of partition P of a target",
		Long: "Copy what lies at PATH in partition P, with everything below it, to DEST, without root. P is 0 for a file system\n" +
			"that covers a disk without a partition table. If DEST is a directory, the copy lies in it, otherwise it becomes\n" +
			"DEST. With - as DEST a file is written to standard output.\n\n" +
			"Names, modes, times, holes and links are kept; owners only if root copies. A link is copied as a link, and none\n" +
			"leads out of DEST while the copy is made. Devices, pipes and sockets are left out and named. Extended attributes\n" +
			"are not copied, and a file with several names becomes several files. A file gets its name when it is complete.\n" +
			"Nothing is overwritten without --force. The exit code is 1 if anything could not be copied.",
		Example: "  shunt cp disk.qcow2:1:/etc/fstab .\n  shunt cp disk.raw:2:/home/anna backup",
		Args:    arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, ok := parseSource(args[0])
			if !ok {
				return usage(fmt.Errorf("%s names no file in a partition: write TARGET:P:PATH, as in disk.raw:1:/etc/fstab", args[0]))
			}
			return s.view(from.target, from.number, func(v *session.Viewer, id model.PartID) error {
				if args[1] == "-" {
					return s.cat(cmd, v, id, from)
				}
				return s.copyOut(cmd, v, id, from, args[1], o)
			})
		},
	}
	cmd.Flags().BoolVar(&o.Force, "force", false, "overwrite files, and copy into directories that exist")
	cmd.Flags().BoolVar(&o.Setuid, "setuid", false, "keep the bits by which programs get the rights of their owner or group")
	return cmd
}

// parseSource splits TARGET:P:PATH. The last :P: with an existing target before it counts, or else the last one.
func parseSource(arg string) (from source, ok bool) {
	pieces := strings.Split(arg, ":")
	for i := len(pieces) - 2; i > 0; i-- {
		target := strings.Join(pieces[:i], ":")
		if target == "" || pieces[i] == "" || strings.Trim(pieces[i], "0123456789") != "" && !isLost(pieces[i]) {
			continue
		}
		found := source{target, pieces[i], strings.Join(pieces[i+1:], ":")}
		if _, err := os.Stat(target); err == nil {
			return found, true
		}
		if !ok {
			from, ok = found, true
		}
	}
	return from, ok
}

// copyOut copies a file or directory to dest.
func (s *settings) copyOut(
	cmd *cobra.Command, v *session.Viewer, id model.PartID, from source, dest string, o extract.Options,
) (err error) {
	if dest, o.Into, err = destination(from.path, dest); err != nil {
		return err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	show := &copyProgress{settings: s, tty: s.err.terminal(), tick: tick.C}
	o.Progress = show.show
	o.Problem = show.say
	o.Note = func(path, why string) { show.say(path, "note: "+why) }
	done, notes, err := copyTree(cmd.Context(), *v, id, from.path, dest, o)
	if taken := new(extract.TakenError); errors.As(err, &taken) {
		err = fmt.Errorf("%w; --force overwrites files", err)
	}
	err = s.advised(err, from)
	show.clear()
	s.notes(append(notes, done.Lacks()...))
	if err == nil || done.Any() {
		s.say("%s copied to %s", done, dest)
	}
	switch {
	case err == nil && done.Taken > 0:
		err = fmt.Errorf("not everything could be copied: see above; --force overwrites files")
	case err == nil && done.Problems > 0:
		err = fmt.Errorf("not everything could be copied: see above")
	}
	return err
}

// destination returns the absolute path of the copy of what lies at a path of a file system. A directory that exists gets the copy
// under its old name; into says that it gets what is in the root directory.
func destination(from, dest string) (to string, into bool, err error) {
	info, missing := os.Stat(dest)
	name := path.Base(path.Clean("/" + from))
	switch {
	case missing == nil && info.IsDir() && name == "/":
		into = true
	case missing == nil && info.IsDir():
		dest = filepath.Join(dest, name)
	case strings.HasSuffix(dest, "/"):
		return "", false, fmt.Errorf("%s is not a directory: make it first, or leave out the last slash", dest)
	}
	to, err = filepath.Abs(dest)
	return to, into, err
}

// errStopped is the error of a copy that was stopped.
var errStopped = errors.New("stopped: what was copied completely stays, and nothing of the file that was being copied")

// copyTree copies what lies at a path of a file system to dest, with everything below it. Whatever the error is, a part may
// have been copied.
func copyTree(
	ctx context.Context, v session.Viewer, id model.PartID, from, dest string, o extract.Options,
) (done report.Copied, notes []string, err error) {
	o.Sources = v.Files()
	tree, err := extract.NewTree(dest, o)
	if err != nil {
		return done, nil, err
	}
	notes, err = v.Read(ctx, id, extract.Wish{Path: from}, tree)
	if errors.Is(err, context.Canceled) {
		err = errStopped
	}
	err = errors.Join(err, tree.Close())
	return tree.Copied, notes, err
}

// copyProgress shows on a terminal what is being copied.
type copyProgress struct {
	*settings
	tty  bool
	tick <-chan time.Time // when to show more
}

func (p *copyProgress) show(path string, bytes int64) {
	if !p.tty {
		return
	}
	select {
	case <-p.tick:
		p.err.status(fmt.Sprintf("%s copied: %s", geometry.FormatBytes(geometry.Bytes(bytes)), path))
	default:
	}
}

func (p *copyProgress) clear() {
	if p.tty {
		p.err.status("")
	}
}

func (p *copyProgress) say(path, why string) {
	p.clear()
	p.settings.say("%s: %s", safetext.Printable(path), why)
}
