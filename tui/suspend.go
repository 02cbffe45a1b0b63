package tui

import (
	"os"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// suspendBinding stops the program until the shell continues it. A run goes on meanwhile: its process is another one.
func suspendBinding() binding { return on("ctrl+z", "suspend", noTarget(Model.suspend), "ctrl+z") }

func (m Model) suspend() (Model, tea.Cmd) {
	if m.NoSuspend {
		return m.say(toneWarn, "There is no shell with job control to go back to"), nil
	}
	return m.say(toneGood, "Suspended: `fg` in the shell comes back here"), tea.Suspend
}

// jobControl reports whether a shell will continue this process after it was stopped. If its process group is orphaned, the
// kernel does not stop it (POSIX, "Orphaned Process Group"), and the terminal library would wait for ever.
func jobControl() bool {
	parent := os.Getppid()
	group, err := unix.Getpgid(parent)
	session, err2 := unix.Getsid(parent)
	own, err3 := unix.Getsid(0)
	return err == nil && err2 == nil && err3 == nil && session == own && group != unix.Getpgrp()
}
