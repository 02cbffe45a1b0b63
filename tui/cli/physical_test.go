package cli

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

var diskFlag = flag.String("disk", "", "a disk that tests may overwrite, such as the scratch disk /dev/vda of .ci/vm with VM_DISK")

// TestPhysicalDisk edits a disk of the machine only when that is allowed and its name was typed, by command and by keys.
// It overwrites the disk.
func TestPhysicalDisk(t *testing.T) {
	disk := *diskFlag
	if disk == "" {
		testneed.Rare(t, "no disk may be overwritten: name one with -disk")
	}
	p := people()[0]
	sh(t, ".", fmt.Sprintf("printf 'label: gpt\\nstart=2048,size=100M\\nsize=100M\\n' | sfdisk -q --wipe always %[1]s; udevadm settle 2>/dev/null || true; partx -u %[1]s", disk))
	part := strings.TrimSpace(sh(t, ".", "ls "+disk+"*2"))
	first := strings.TrimSuffix(part, "2") + "1"
	tree := t.TempDir()
	sh(t, tree, "head -c 5000000 /dev/urandom > data; mkdir d; echo text > d/t")
	files := oracle.Sums(t, tree)
	sh(t, ".", fmt.Sprintf("mkfs.ext4 -q -F -d '%s' %s; mkfs.ext4 -q -F %s", tree, part, first))
	plan := write(t, "move 2 right 64MiB\n")

	p.run(t, "info", disk).want(t, 0, "p1", "p2")
	p.run(t, "apply", "--yes", disk, plan).want(t, exitRefused, "is a physical disk", "--allow-disks")
	p.run(t, "apply", "--yes", "--allow-disks", disk, plan).want(t, exitUsage, "has to be typed")
	p.run(t, "apply", "--allow-disks", "--rehearse", disk, plan).want(t, 0, "is unchanged")
	for _, args := range [][]string{{"info", part}, {"apply", "--allow-disks", "--yes", part, plan}} {
		p.run(t, args...).want(t, exitRefused, "partition", "give the whole disk, "+disk)
	}
	p.run(t, "attach", disk).want(t, exitRefused, "needs no attaching")
	p.run(t, "mount", "--rw", disk, "2").want(t, exitRefused, "--allow-disks")
	out := p.run(t, "mount", disk, "2")
	out.want(t, 0, "read-only")
	at := strings.TrimSpace(out.out)
	oracle.SameFiles(t, oracle.Sums(t, at), files)
	p.run(t, "unmount", disk, "2").want(t, 0, at)

	edit := p.show(t, disk)
	edit.sees(t, "--allow-disks")
	edit.end().want(t, exitRefused)

	// The wrong name writes nothing.
	for typed, code := range map[string]int{filepath.Base(disk): exitRefused, "y": exitRefused} {
		ask := p.show(t, "apply", "--allow-disks", disk, plan)
		ask.sees(t, "Type its name, "+disk)
		ask.press(t, typed+"\r")
		ask.end().want(t, code, "nothing was written")
	}
	ask := p.show(t, "apply", "--allow-disks", disk, plan)
	ask.sees(t, "Type its name, "+disk)
	ask.press(t, disk+"\r")
	ask.end().want(t, 0, "Done")
	if got := oracle.SFDisk(t, disk).Part(t, 2).Off; got != (1+100+64)*mib {
		t.Errorf("p2 begins at %d", got)
	}
	oracle.ExtClean(t, part, 0)
	oracle.SameFiles(t, oracle.ExtFiles(t, part, 0), files)

	term := newTmux(t, 80, 24, "--allow-disks", disk)
	term.wait("disk, ", "Nothing yet")
	term.keys("j", "j", "m") // past the gap that the move left
	term.wait("Resize/Move p2")
	term.keys("'+32MiB", "Enter")
	term.wait("1 pending")
	term.keys("a")
	term.wait("The rehearsal passed")
	asked := func() bool { return strings.Contains(term.screen(), "This is a physical disk") }
	for range 20 {
		<-time.After(600 * time.Millisecond)
		if term.keys("y"); asked() {
			break
		}
	}
	term.wait("This is a physical disk", "Type "+disk, "Nothing happens until this is typed.")
	term.keys("'"+strings.TrimSuffix(disk, "a"), "Enter")
	term.wait("That does not match yet.")
	term.keys("C-u", "'"+disk)
	term.wait("Press Enter to continue.")
	term.keys("Enter")
	term.wait("exactly as planned")
	if got := oracle.SFDisk(t, disk).Part(t, 2).Off; got != (1+100+64+32)*mib {
		t.Errorf("p2 begins at %d", got)
	}
	oracle.SameFiles(t, oracle.ExtFiles(t, part, 0), files)
	for range 20 { // the editor keeps the disk for itself until it is left
		<-time.After(600 * time.Millisecond)
		term.keys("Escape")
		<-time.After(200 * time.Millisecond)
		if strings.Contains(term.screen(), "Nothing yet") {
			break
		}
	}
	term.keys("q")
	eventually(t, "the editor to end", func() bool { return term.screen() == "" })
	oracle.SameFiles(t, mountedFiles(t, part), files)
	p.run(t, "undo", "--yes", "--allow-disks", disk).want(t, exitUsage, "has to be typed")
}
