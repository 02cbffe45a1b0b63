package cli

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"shunt/model/testneed"
)

// machine is a virtual machine that has images open and does not run. Its monitor is its standard input.
type machine struct {
	*exec.Cmd
	monitor io.WriteCloser
	says    *bufio.Reader
}

// startMachine starts a virtual machine with a disk, by QEMU's words for it, and returns when it has it open.
func startMachine(t *testing.T, dir, drive string) machine {
	t.Helper()
	m := machine{Cmd: exec.Command(testneed.Tool(t, "qemu-system-x86_64"), "-name", "guest=web 1,debug-threads=on", "-S",
		"-display", "none", "-monitor", "stdio", "-nodefaults", "-drive", drive, "-device", "virtio-blk-pci,drive=disk")}
	m.Dir = dir
	out, err := m.StdoutPipe()
	if err == nil {
		m.monitor, err = m.StdinPipe()
	}
	if err == nil {
		err = m.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	m.says = bufio.NewReader(out)
	t.Cleanup(func() { _ = m.Process.Kill() })
	m.done(t)
	return m
}

// done waits for the prompt of the monitor.
func (m machine) done(t *testing.T) {
	t.Helper()
	if !skipTo(m.says, "(qemu) ") {
		t.Fatalf("the virtual machine has no monitor")
	}
}

// tells gives the monitor a command and waits until it is done.
func (m machine) tells(t *testing.T, command string) {
	t.Helper()
	if _, err := io.WriteString(m.monitor, command+"\n"); err != nil {
		t.Fatal(err)
	}
	m.done(t)
}

// ends switches the machine off.
func (m machine) ends(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(m.monitor, "quit\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, m.says)
	if err := m.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestHeldByMachine meets a virtual machine that has the image as its disk, or an overlay on it: it is named, and what can
// be done meanwhile works. The machine enlarges its disk itself, and the plan follows when it is off.
func TestHeldByMachine(t *testing.T) {
	if !*bootFlag {
		return // systems start slowly in software
	}
	bootNeeds(t)
	p := people()[0]
	for _, format := range []string{"raw", "qcow2"} {
		t.Run(format, func(t *testing.T) {
			dir := p.dir(t)
			sh(t, dir, fmt.Sprintf(`truncate -s 64M raw; printf 'label: gpt\n,20M\n,10M\n' | sfdisk -q --no-tell-kernel raw
qemu-img convert -O %[1]s raw image; qemu-img create -q -f qcow2 -F %[1]s -b image overlay`, format))
			image, plan := filepath.Join(dir, "image"), write(t, "move 2 right 30MiB\n")
			sum := digest(t, image)

			m := startMachine(t, dir, "if=none,id=disk,file=overlay,format=qcow2")
			p.run(t, "apply", "--yes", image, plan).want(t, exitRefused,
				fmt.Sprintf("is in use by the virtual machine 'web 1', qemu-system-x86_64 (pid %d): shut it down first\n", m.Process.Pid))
			m.ends(t)

			m = startMachine(t, dir, "if=none,id=disk,file=image,format="+format)
			p.run(t, "apply", "--yes", image, plan).want(t, exitRefused,
				fmt.Sprintf("is in use by the virtual machine 'web 1', qemu-system-x86_64 (pid %d): shut it down first; until then", m.Process.Pid),
				"`block_resize`")
			if digest(t, image) != sum {
				t.Error("the image has changed")
			}
			m.tells(t, "block_resize disk 100M")
			m.ends(t)
			p.run(t, "apply", "--yes", image, plan).want(t, exitDone, "Done")
			p.run(t, "info", image).want(t, exitDone, "100 MiB")
		})
	}
}
