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
)

func (s *settings) attachCommand() *cobra.Command {
	var readOnly bool
	cmd := &cobra.Command{
		Use:   "attach IMAGE",
		Short: "Attach an image as a loop device with its partitions",
		Long: "Attach sets a loop device up on a raw image, tells the kernel its partitions, and prints the device's name. The\n" +
			"partitions are then /dev/loopNp1 and so on; `shunt /dev/loopN` edits them there. It takes root, and lasts until\n" +
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
		Short: "Take a loop device with its partitions off its image",
		Long: "Detach undoes `shunt attach`, given the image or the loop device. It is refused as long as a partition is in use,\n" +
			"and says by what.",
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
		Long: "Mount mounts the file system in partition P at the directory DIR, or at one made below " + attach.MountDir + ", and prints\n" +
			"the directory. P is 0 for a file system that covers a disk without a partition table. Mounted read-only, nothing is\n" +
			"written, not even to replay a journal. Set-user-id programs, devices and programs do not work there. An image need\n" +
			"not be attached for it. It takes root; without it `shunt ls` lists files.",
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
		Short: "Unmount partition P of a target, or what of it is mounted at DIR",
		Long: "Unmount ends what `shunt mount` began, by whatever it was mounted. What keeps it busy is named. Of a partition\n" +
			"that is mounted more than once the directory says which is meant.",
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

func (s *settings) mount(path, number string, w attach.MountOptions) error {
	n, err := partitionNumber(number)
	if err != nil {
		return err
	}
	dir, err := session.Mount(path, n, s.opts, w)
	if err != nil {
		return err
	}
	how := map[model.Access]string{model.ReadOnly: "read-only", model.ReadWrite: "for reading and writing"}[w.Access]
	s.say("Mounted %s. `%s` ends that.", how, s.opts.Call(path).LineTo("unmount", strconv.Itoa(n)))
	_, err = fmt.Fprintln(s.out, dir)
	return err
}

func (s *settings) unmount(path, what string) error {
	number, dir := -1, ""
	if n, err := partitionNumber(what); err == nil {
		number = n
	} else if dir, err = filepath.Abs(what); err != nil {
		return usage(err)
	} else if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // the system knows mounts by such names only
	}
	u, err := session.Unmount(path, number, dir, s.opts)
	if err == nil {
		s.say("Unmounted %s from %s.", u.Name, safetext.Printable(u.Dir))
	}
	return err
}

// partitionNumber reads a number that may be written as it is shown ("p2").
func partitionNumber(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(text, "p"))
	if err != nil || n < 0 {
		return 0, usage(fmt.Errorf("%q is no partition number", text))
	}
	return n, nil
}
