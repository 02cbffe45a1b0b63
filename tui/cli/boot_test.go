package cli

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"shunt/model/testneed"
)

var bootFlag = flag.Bool("boot", false, "start the system of each edited image in a virtual machine")

// booted is what a system says of itself that runs in a virtual machine.
type booted struct {
	root  place  // where the kernel sees the partition with the root, in bytes
	fs    int64  // the size of the root's file system, with what the file system itself takes, in bytes
	uuid  string // of that file system, as blkid reads it
	whole bool   // the checksums of all files are right, and a new file can be written and read back
	log   string // all that appeared on the serial console
}

const prompt = "booted# "

// questions is what a test types at the prompt of a system that bootDisk made. minixdf makes df count what the file system
// itself takes, too. The quotes keep the echo of a line from looking like its answer.
const questions = `mount -o remount,minixdf /; stty -echo
dev=$(cat /root-device); echo "an""swer node $dev"
echo "an""swer start $(cat /sys/class/block/${dev#/dev/}/start)"
echo "an""swer size $(cat /sys/class/block/${dev#/dev/}/size)"
echo "an""swer fs $(df -k / | tail -n 1 | awk '{print $2}')"
echo "an""swer uuid $(blkid -p -o value -s UUID $dev)"
sha256sum -c -s /sums && echo new >/new && sync && echo 3 >/proc/sys/vm/drop_caches && grep new /new && echo "an""swer whole yes"
mount -o remount,ro / && poweroff -f
`

// boot starts the system in an image of a format (raw, qcow2) as a virtual machine in software. It waits for the prompt on
// the serial console, asks the system for its root, and lets it switch itself off. The test ends if the prompt does not
// appear. The image is written to only if keep is true: else QEMU drops what the system writes.
//
// So a test of what shunt does to a bootable image has five steps; it needs the flag -boot and what `.ci/install boot`
// installs:
//
//	d := bootDisk(t, layout, bootSystem(t))            // d.image is a raw image that GRUB starts
//	was := boot(t, d.image, "raw", layout.uefi, false) // it runs before
//	... qemu-img convert to a format, shunt apply ...
//	now := boot(t, image, "qcow2", layout.uefi, true)  // and after
//	now.isAt(t, was, place{start, size})               // the kernel and df see the root where it was planned
func boot(t *testing.T, image, format string, uefi, keep bool) booted {
	t.Helper()
	option := func(path string) string { return strings.ReplaceAll(path, ",", ",,") } // a comma ends a value of QEMU's
	args := []string{
		"-accel", "tcg", "-m", "384", "-nographic", "-no-reboot", "-nic", "none", "-monitor", "none", "-serial", "stdio",
		"-drive", fmt.Sprintf("file=%s,format=%s,if=virtio", option(image), format),
	}
	if !keep {
		args = append(args, "-snapshot")
	}
	if uefi {
		vars := filepath.Join(t.TempDir(), "vars")
		sh(t, ".", "cp /usr/share/OVMF/OVMF_VARS.fd '"+vars+"'")
		args = append(args, "-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE.fd",
			"-drive", "if=pflash,format=raw,file="+option(vars))
	}
	const patience = 10 * time.Minute // for a machine that others use too; a start takes about 15 s of the processor
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, testneed.Tool(t, "qemu-system-x86_64"), args...)
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	console := bufio.NewReader(io.TeeReader(screen, &log))
	reached := skipTo(console, prompt)
	if reached {
		_, err = io.WriteString(keyboard, questions)
		_, _ = io.Copy(io.Discard, console) // until it has switched itself off
	} else {
		_ = cmd.Process.Kill() // it may have ended
	}
	if ended := cmd.Wait(); !reached || err != nil || ended != nil {
		t.Fatalf("%s: the system does not come to its prompt, or does not end: %v, %v\n%q", image, err, ended, log.String())
	}
	return answers(t, log.String())
}

// skipTo reads until a text has come, and reports whether it has.
func skipTo(r *bufio.Reader, text string) bool {
	var seen []byte
	for !strings.HasSuffix(string(seen), text) {
		b, err := r.ReadByte()
		if err != nil {
			return false
		}
		seen = append(seen[max(0, len(seen)-len(text)):], b)
	}
	return true
}

// answers takes the answers to questions from the text on the console.
func answers(t *testing.T, log string) booted {
	t.Helper()
	b := booted{log: log}
	for line := range strings.Lines(log) {
		_, answer, ok := strings.Cut(line, "answer ")
		words := strings.Fields(answer)
		if !ok || len(words) != 2 {
			continue
		}
		n, _ := strconv.ParseInt(words[1], 10, 64) // it is not a number in every answer
		switch words[0] {
		case "start":
			b.root.start = 512 * n
		case "size":
			b.root.size = 512 * n
		case "fs":
			b.fs = 1024 * n
		case "uuid":
			b.uuid = words[1]
		case "whole":
			b.whole = words[1] == "yes"
		}
	}
	if b.root.size == 0 || b.fs == 0 || b.uuid == "" || !b.whole {
		t.Fatalf("the system says %+v", b)
	}
	return b
}

// isAt checks that the running system has the root of an earlier start, that it lies where it was planned, and that its
// file system fills the partition, less a part of a block.
func (b booted) isAt(t *testing.T, was booted, want place) {
	t.Helper()
	if b.root != want || b.uuid != was.uuid || b.fs > b.root.size || b.root.size-b.fs >= 4096 {
		t.Errorf("the system has its root at %+v with a file system of %d bytes and the UUID %s, want %+v, %s",
			b.root, b.fs, b.uuid, want, was.uuid)
	}
}
