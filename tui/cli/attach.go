package cli

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/attach"
	"shunt/ops/session"
	"shunt/ops/target"
)

func (s *settings) attachCommand() *cobra.Command {
	var readOnly bool
	cmd := &cobra.Command{
		Use:   "attach IMAGE",
		Short: "Attach an image as a loop device with its partitions",
		Long: "Attach sets up a loop device for a raw image with its partitions, and prints the name of the device. The\n" +
			"partitions are then /dev/loopNp1 and so on; `shunt /dev/loopN` edits them there. It needs root, and lasts until\n" +
			"`shunt detach`.",
		Args: arguments(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return s.attach(args[0], accessOf(!readOnly)) },
	}
	cmd.Flags().BoolVar(&readOnly, "read-only", false, "nothing can be written to the device")
	return cmd
}

func (s *settings) detachCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "detach IMAGE|DEVICE",
		Short: "Remove the loop device of an image, with its partitions",
		Long: "Detach undoes `shunt attach`, given the image or the loop device. It refuses while a partition is in use, " +
			"and names\n" +
			"its user.",
		Args: arguments(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := session.Detach(args[0], s.opts)
			if err == nil {
				s.say("Detached %s from %s.", l.Node, safetext.Printable(l.File))
			}
			return err
		},
	}
}

func (s *settings) mountCommand() *cobra.Command {
	var write bool
	cmd := &cobra.Command{
		Use:   "mount TARGET P [DIR]",
		Short: "Mount partition P of a target to look inside, read-only unless --rw is given",
		Long: "Mount mounts the file system in partition P at the directory DIR, or at one made below " + attach.MountDir + ",\n" +
			"$XDG_RUNTIME_DIR/shunt or /tmp/shunt-UID, and prints the directory. P is 0 for a file system that covers a disk\n" +
			"without a partition table. Mounted read-only, nothing is written, not even to replay a journal. Programs and device\n" +
			"files on it do not work. An image need not be attached first. What `shunt rescue` finds is mounted as lost1, or by its\n" +
			"place, as in @2048s, and read-only.\n\n" +
			"For root the kernel mounts it, if it can. For others, and for images that the kernel does not read, a program in the\n" +
			"background shows the files with FUSE: fuse2fs for ext2/3/4, ntfs-3g for NTFS, squashfuse for squashfs, and shunt\n" +
			"itself for FAT and exFAT. It keeps the image locked against changes, and ends when it is unmounted.",
		Args: arguments(2, 3),
		RunE: func(_ *cobra.Command, args []string) error {
			return s.mount(args[0], args[1], attach.MountOptions{Access: accessOf(write), Dir: strings.Join(args[2:], "")})
		},
	}
	cmd.Flags().BoolVar(&write, "rw", false, "mount it for reading and writing")
	return cmd
}

func (s *settings) unmountCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "unmount TARGET P|DIR",
		Short: "Unmount partition P of a target, or the one mounted at DIR",
		Long: "Unmount undoes `shunt mount`, and also unmounts partitions that other programs mounted. If the partition is " +
			"busy, it\n" +
			"says why. Give the directory if the partition is mounted more than once. P is as for `shunt mount`.",
		Args: arguments(2, 2),
		RunE: func(_ *cobra.Command, args []string) error { return s.unmount(args[0], args[1]) },
	}
}

func accessOf(write bool) model.Access {
	if write {
		return model.ReadWrite
	}
	return model.ReadOnly
}

func (s *settings) attach(path string, access model.Access) error {
	a, err := session.Attach(path, s.opts, access)
	if err != nil {
		return err
	}
	for _, p := range a.Disk.Partitions() {
		if p.Role != model.Extended {
			s.say("%sp%d  %s  %s", a.Node, p.Number, geometry.FormatBytes(a.Disk.SectorSize.Bytes(p.Span.Len())),
				strings.TrimSpace(string(p.FS.Kind)+" "+safetext.Printable(p.FS.Label)))
		}
	}
	_, err = fmt.Fprintln(s.out, a.Node)
	return err
}

func (s *settings) mount(path, what string, w attach.MountOptions) error {
	number, err := s.numberOf(path, what)
	if err != nil {
		return err
	}
	var dir string
	if number < 0 {
		dir, err = session.MountLost(path, model.PartID(number).LostAt(), s.opts, w)
	} else {
		dir, err = session.Mount(path, number, s.opts, w)
	}
	if err != nil {
		return err
	}
	how := map[model.Access]string{model.ReadOnly: "read-only", model.ReadWrite: "for reading and writing"}[w.Access]
	s.say("Mounted %s. `%s` unmounts it.", how, s.opts.Call(path).LineTo("unmount", target.Served{Number: number}.Arg()))
	_, err = fmt.Fprintln(s.out, dir)
	return err
}

func (s *settings) unmount(path, what string) error {
	number, dir := -1, ""
	if isLost(what) {
		n, err := s.numberOf(path, what)
		if err != nil {
			return err
		}
		number = n
	} else if n, err := partitionNumber(what); err == nil {
		number = n
	} else if dir, err = filepath.Abs(what); err != nil {
		return usage(err)
	} else if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // the kernel lists mounts by their real paths
	}
	u, err := session.Unmount(path, number, dir, s.opts)
	if err == nil {
		s.say("Unmounted %s from %s.", u.Name, safetext.Printable(u.Dir))
	}
	return err
}

// numberOf returns the number of a partition, or the identity of what is none: "lost1" or "@2048s".
func (s *settings) numberOf(path, what string) (number int, err error) {
	if !isLost(what) {
		return partitionNumber(what)
	}
	err = s.viewLost(path, what, func(_ *session.Viewer, id model.PartID) error {
		number = int(id)
		return nil
	})
	return number, err
}

// partitionNumber parses a partition number, which may be written as it is displayed ("p2").
func partitionNumber(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(text, "p"))
	if err != nil || n < 0 {
		return 0, usage(fmt.Errorf("%q is not a partition number", text))
	}
	return n, nil
}
