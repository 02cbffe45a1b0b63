package cli

import (
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/session"
)

func (s *settings) shellCommand() *cobra.Command {
	var write bool
	cmd := &cobra.Command{
		Use:   "shell TARGET",
		Short: "Open a shell in which all file systems of a target are mounted",
		Long: "Start $SHELL (or /bin/sh) in a directory in which the file systems of a target are mounted as its own /etc/fstab\n" +
			"says, or without one each in a directory with its name, such as p1. They are read-only unless --rw is given. Only\n" +
			"this shell sees the mounts. When it ends, everything that it has started ends, and all is unmounted; the exit code\n" +
			"is that of the shell. Commands can come from standard input. No program of the image is run. Root has the kernel\n" +
			"mount what it can; other users need the programs that `shunt mount` needs. What cannot be mounted is named.",
		Example: "  shunt shell disk.qcow2\n  echo 'cat etc/hostname' | shunt shell disk.raw\n  shunt shell --rw disk.raw",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := session.ShellOptions{Access: model.ReadOnly, Prompt: shellPrompt}
			o.In, o.Out, o.Err = s.in, s.out.handed(), s.err.handed()
			if write {
				o.Access = model.ReadWrite
			}
			interactive := s.in != nil && term.IsTerminal(s.in.Fd())
			o.Argv = shellArgv(os.Getenv("SHELL"), interactive)
			o.Tell = func(line string, problem bool) {
				if problem || interactive {
					s.say("%s", line)
				}
			}
			if interactive {
				defer terminalBack(int(s.in.Fd()))()
			}
			exit, err := session.Shell(cmd.Context(), args[0], s.opts, o)
			if err == nil && exit != exitDone {
				err = &exitError{code: exit}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&write, "rw", false, "mount for writing, and keep everybody else from changing the target")
	return cmd
}

// shellArgv returns the command line of the shell.
func shellArgv(shell string, interactive bool) []string {
	if shell == "" {
		shell = "/bin/sh"
	}
	if filepath.Base(shell) == "bash" && interactive {
		return []string{shell, "--rcfile", "{start}"}
	}
	return []string{shell}
}

// shellPrompt returns the variables that make a shell say where it is. Shells expand what stands in a prompt, commands
// too, so the name of the image is only in a variable.
func shellPrompt(name string) []string {
	return []string{
		"SHUNT_SHELL=" + safetext.Printable(name), `SHUNT_PS1=[shunt $SHUNT_SHELL] \w \$ `, `PS1=[shunt $SHUNT_SHELL] $PWD # `,
	}
}

// terminalBack returns a function that makes this process the one that the terminal listens to again. A shell leaves the
// terminal to a group of processes that has ended.
func terminalBack(fd int) func() {
	return func() {
		signal.Ignore(syscall.SIGTTOU) // the terminal sends it to a process that it does not listen to
		_ = unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, unix.Getpgrp())
		signal.Reset(syscall.SIGTTOU)
	}
}
