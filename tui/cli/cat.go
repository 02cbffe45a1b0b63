package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/extract"
	"shunt/ops/session"
)

func (s *settings) catCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cat TARGET P PATH",
		Short: "Print a file in partition P of a target",
		Long: "Write the content of a file in partition P to standard output, without root. P is 0 for a file system that\n" +
			"covers a disk without a partition table. Links are followed inside the partition, as if it were mounted at /.\n" +
			"Nothing is written, no journal is replayed. On a terminal, what is not text is shown with escapes.",
		Example: "  shunt cat disk.qcow2 1 /etc/fstab\n  shunt cat disk.raw 2 /boot/vmlinuz > vmlinuz",
		Args:    arguments(3, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.view(args[0], args[1], func(v *session.Viewer, id model.PartID) error {
				return s.cat(cmd, v, id, source{args[0], args[1], args[2]})
			})
		},
	}
}

// source is a file in a partition of a target, as people write it.
type source struct{ target, number, path string }

func (s *settings) cat(cmd *cobra.Command, v *session.Viewer, id model.PartID, from source) (err error) {
	out := s.out.content()
	defer func() { err = errors.Join(err, out.Close()) }()
	notes, err := v.Read(cmd.Context(), id, extract.Wish{Path: from.path, File: true}, &printed{w: out})
	s.notes(notes)
	return s.advised(err, from)
}

func (s *settings) notes(list []string) {
	for _, note := range list {
		s.say("note: %s", note)
	}
}

// advised adds what to do to the error for a path that could not be read.
func (s *settings) advised(err error, from source) error {
	no, ok := errors.AsType[*extract.Error](err)
	if !ok {
		return err
	}
	where := "p" + from.number
	switch {
	case from.number == "0":
		where = "the disk"
	case isLost(from.number):
		where = from.number
	}
	switch no.What {
	case extract.Missing:
		return fmt.Errorf("nothing was read from %s: %s", where, no.Why)
	case extract.Directory:
		copied := safetext.Command("shunt", "cp", from.target+":"+from.number+":"+from.path, "DIR")
		return fmt.Errorf("%s in %s is a directory: `%s` copies it, `shunt ls` lists it", from.path, where, copied)
	case extract.Special, extract.Other:
	}
	return fmt.Errorf("%s in %s: %s", from.path, where, no.Why)
}

// printed is a Handler that prints one file.
type printed struct{ w io.Writer }

func (p *printed) Enter(extract.Entry) error { return nil }
func (p *printed) Leave() error              { return nil }

func (p *printed) Data(b []byte) error {
	_, err := p.w.Write(b)
	return err
}

func (p *printed) Hole(n int64) error {
	zeros := make([]byte, min(n, 64<<10))
	for ; n > 0; n -= int64(len(zeros)) {
		if err := p.Data(zeros[:min(n, int64(len(zeros)))]); err != nil {
			return err
		}
	}
	return nil
}

// Fault ends the printing: what follows would be taken for a part of the file.
func (p *printed) Fault(f extract.Fault) error {
	return &extract.Error{What: extract.Other, Why: f.Why}
}
