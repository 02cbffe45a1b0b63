package tui_test

import (
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

// two is an editor on the founding disk and the varied one, the first in view.
func two(t *testing.T) (d *Driver, founding, varied *Target, b *Backend) {
	t.Helper()
	founding, varied = Founding(), Varied()
	b = &Backend{Targets: map[string]*Target{founding.What.Path: founding, varied.What.Path: varied}}
	d = Start(t, 80, 24, tui.Options{Paths: []string{founding.What.Path, varied.What.Path}}, b)
	return d, founding, varied, b
}

// A run goes on while another target is looked at; its pages are its target's.
func TestRunInBackground(t *testing.T) {
	d, founding, _, _ := two(t)
	d.Press("x", "a")
	d.Contains("Rehearsing stick.raw")
	d.Press("tab")
	d.Contains("▸server.qcow2", "stick.raw rehearsing", "▸ p1")
	d.Press("j", "x")
	d.Contains("Check and repair")
	d.Do(func() { last(t, founding).Tell(report.Progress{Phase: report.Rehearsing, Step: 1, Steps: 2}) })
	d.Contains("▸ p")
	d.Press("q")
	d.Contains("Something is being done to stick.raw")
	d.Do(func() { last(t, founding).Finish(passed()) })
	d.Contains("stick.raw: the rehearsal is over; tab goes there", "stick.raw asks", "Pending")
	d.Press("shift+tab", "y")
	d.Contains("Apply to stick.raw?")
	if last(t, founding).Commits != 0 {
		t.Fatal("a key reached a page before it could be read")
	}
	quietly(d)
	d.Press("y", "tab")
	if last(t, founding).Commits != 1 {
		t.Fatal("not committed")
	}
	d.Contains("stick.raw applying", "server.qcow2")
	d.Do(func() { last(t, founding).End(resultDone) })
	d.Contains("stick.raw: it has ended", "stick.raw has ended", "1 pending")
	d.Press("tab")
	quietly(d)
	d.Contains("Result", "stick.raw is exactly as planned")
	d.Press("esc")
	d.Contains("Nothing yet.")
}

// Two runs at once do not mix.
func TestTwoRuns(t *testing.T) {
	d, founding, varied, _ := two(t)
	d.Press("x", "R", "tab", "j", "x", "R")
	d.Do(func() {
		last(t, varied).Say("from the server")
		last(t, varied).Finish(failed())
		last(t, varied).End(report.Result{Outcome: report.Unchanged, Err: failed().Err})
	})
	quietly(d)
	d.Contains("Rehearsal of server.qcow2", "The rehearsal failed", "stick.raw rehearsing")
	d.Press("tab")
	d.Contains("Rehearsing stick.raw", "server.qcow2 failed")
	d.Press("l")
	d.Lacks("from the server")
	d.Press("esc", "q", "s")
	if last(t, founding).Cancels != 1 || last(t, varied).Cancels != 0 {
		t.Fatalf("cancelled %d and %d times", last(t, founding).Cancels, last(t, varied).Cancels)
	}
	d.Do(func() { last(t, founding).End(report.Result{Outcome: report.Unchanged}) })
	d.Contains("stick.raw was not changed", "1 pending")
}

// A dialog over one target stays open when the run of another one ends.
func TestDialogStays(t *testing.T) {
	d, founding, _, _ := two(t)
	d.Press("x", "R", "tab", "j", "j", "l")
	d.Type("sys")
	d.Do(func() { last(t, founding).Finish(passed()) })
	d.Contains("Label of p3", "[sys")
	d.Press("enter")
	d.Contains(`Label ext4 in p3 "sys"`)
}

func TestCloseTarget(t *testing.T) {
	d, _, varied, b := two(t)
	d.Press("x", "ctrl+w")
	d.Contains("Close stick.raw?", "There is 1 pending operation")
	d.Press("enter")
	d.Contains("1 pending")
	d.Press("ctrl+w", "y")
	d.Contains("Closed stick.raw", "server.qcow2", "▸ p1")
	d.Lacks("(1/")
	if !slices.Equal(b.Closed, []string{"/images/stick.raw"}) {
		t.Fatalf("closed %v", b.Closed)
	}
	d.Press("j", "x", "a", "ctrl+w", "o", "esc")
	d.Contains("Rehearsing server.qcow2")
	d.Do(func() { last(t, varied).End(report.Result{Outcome: report.Unchanged, Err: "it stopped"}) })
	quietly(d)
	d.Press("esc", "u", "ctrl+w")
	d.Contains("Press o to open")
	d.Press("tab", "ctrl+w", "m")
	d.Contains("No target is open")
	d.Press("q")
	if !d.Quit() || len(b.Closed) != 2 {
		t.Fatalf("quit %v, closed %v", d.Quit(), b.Closed)
	}
}

// What was copied in one target is pasted in another, as long as it is there.
func TestClipboard(t *testing.T) {
	d, founding, _, _ := two(t)
	d.Press("v")
	d.Contains("Cannot paste: nothing was copied")
	d.Press("c")
	d.Contains("p1 is copied")
	d.Lacks("Copied:") // as long as that stands there
	d.Press("k")
	d.Contains("Copied: p1, ext4, 482 MiB")
	d.Press("tab", "end")
	d.Contains("Copied: p1 of stick.raw", "v paste")
	d.Press("v")
	d.Contains("Paste p1 of stick.raw")
	d.Press("enter")
	d.Contains("▸ p8", "ext4", "new", "1 pending")
	d.Press("tab", "ctrl+w", "end", "up", "v")
	d.Contains("Cannot paste: nothing was copied")
	if founding.Rescans != 0 {
		t.Error("the source was read")
	}
}

// A partition that is only pending elsewhere has nothing to be copied; in its own target it has.
func TestClipboardPending(t *testing.T) {
	d, _, _, _ := two(t)
	d.Press("tab", "end", "n")
	d.Type("100MiB")
	d.Press("enter", "c", "end", "v")
	d.Contains("Paste p8")
	d.Press("esc", "tab", "d", "v")
	d.Contains("it is only pending there; apply that first")
}

func TestCopyRefused(t *testing.T) {
	d := open(t, Logicals())
	d.Press("j", "c")
	d.Contains("an extended partition only holds others")
	d.Press("end", "c")
	d.Contains("Select a partition to copy")
}

// What is found out for a page that was left meanwhile is dropped.
func TestStaleInformation(t *testing.T) {
	target := withFiles()
	d := open(t, target)
	d.Press("i")
	d.Contains("Last mounted")
	d.Press("tab")
	d.Lacks("Last mounted")
	d.Contains("Sector size")
	d.Press("tab", "esc", "j", "i")
	d.Lacks("Last mounted")
	d.Contains("p2 of stick.raw")
}

// The page of files goes down into directories and up again, and leads back to the information.
func TestFilesPage(t *testing.T) {
	d := open(t, withFiles())
	d.Press("i", "enter")
	d.Contains("Files in p1: /", "▸ letters/")
	d.Press("backspace")
	d.Contains("top of the file system")
	d.Press("down")
	d.Contains("enter open")
	d.Press("end")
	d.Lacks("enter open") // it could not be
	d.Press("enter")
	d.Contains("a pipe or a socket: it has no contents to show")
	d.Press("home", "down", "down")
	d.Lacks("enter open")
	d.Press("enter")
	d.Contains("This is a link")
	d.Press("home", "enter")
	d.Contains("Files in p1: /letters")
	if strings.Contains(d.Raw(), "\x1b[2J") {
		t.Error("a name reaches the terminal")
	}
	d.Press("backspace", "down", "enter")
	d.Contains("there is no such directory", "backspace up")
	d.Lacks("select", "enter open")
	d.Press("esc")
	d.Contains("Information on")
	d.Press("esc")
	d.Contains("▸ p1")
	d.Press("j", "i", "tab", "enter")
	d.Contains("No files to list: the files are in the partitions")
}

// What was installed meanwhile is offered after looking again; what is pending is judged anew.
func TestLookAgain(t *testing.T) {
	target := Varied()
	less := tuitest.Env()
	less.Caps[model.NTFS] = ops.Capability{}
	less.Caps[model.XFS] = ops.Capability{Label: "xfs_admin is not installed: apt install xfsprogs", Missing: []string{"xfsprogs"}}
	target.Discovered = &less
	d := open(t, target)
	d.Press("j", "j", "j", "j", "j", "l")
	d.Type("data")
	d.Press("enter", "S")
	d.Contains("What can be done on this machine", "apt install f2fs-tools ntfs-3g")
	d.Press("r")
	d.Contains("server.qcow2: 1 pending operation was dropped")
	d.Press("esc", "home", "f", "n")
	d.Contains("Format p1 as ntfs")
}

// What a package brings is marked in the cell, and named in words, and the command that installs it is on the page once. A search shows the
// kinds that it finds, and says so if there are none.
func TestSupportPage(t *testing.T) {
	d := open(t, Varied())
	d.Resize(120, 40)
	d.Press("S", "/")
	d.Type("ntfs")
	d.Press("enter")
	d.Contains("▸ ntfs       install", "ntfs, new file system: needs the package ntfs-3g, which is not installed", "apt install f2fs-tools ntfs-3g. Then press r")
	if n := strings.Count(d.Frame(), "apt install"); n != 1 {
		t.Errorf("the page names the command %d times:\n%s", n, d.Frame())
	}
	d.Press("end", "right", "right", "/")
	d.Type("fs")
	d.Contains("▸ xfs", "btrfs", "f2fs", "ntfs", "1 of 4")
	d.Lacks("ext4", "luks")
	d.Type("zzz")
	d.Contains(`Nothing here has "fszzz".`, "nothing found")
	d.Press("esc")
	d.Contains("▸ luks", "luks, shrink: what is inside would have to be shrunk first")
}

// Without a target the page looks for itself.
func TestSupportWithoutTarget(t *testing.T) {
	d := Start(t, 80, 24, tui.Options{Dir: "/images"}, &Backend{Machine: tuitest.Env()})
	d.Press("esc", "S")
	d.Contains("ext4", "yes")
	d.Press("S")
	d.Contains("Press o to open")
}

// The name of a physical disk has to be typed before anything is written to it.
func TestPhysicalDisk(t *testing.T) {
	target := physical()
	d := open(t, target)
	s := story{t, d, target}
	s.toReport()
	d.Press("y", "y", "enter")
	if s.run().Commits != 0 {
		t.Fatal("committed by habit")
	}
	d.Press("ctrl+u")
	d.Type(target.What.Path)
	d.Press("enter")
	if s.run().Commits != 1 {
		t.Fatal("not committed")
	}
	d.Contains("Applying to sdz")
}

// Several edits of one dialog are staged together.
func TestTypeAndFlags(t *testing.T) {
	d := open(t, Varied())
	d.Press("j", "j", "t")
	d.Type("raid")
	d.Press("tab", "space", "enter")
	d.Contains("2 operations are pending", "Linux RAID", "legacy_boot")
	d.Press("u", "u")
	d.Contains("Nothing yet.")
}

func TestEditsRefused(t *testing.T) {
	for keys, want := range map[string]string{
		"f": "Select a partition to format", "l": "Select a partition to label", "t": "Select a partition to change",
		"w": "Select a partition to give a new UUID", "N": "Select a partition to name",
	} {
		d := open(t, Varied())
		d.Press("end")
		d.Press(strings.Fields(keys)...)
		d.Contains(want)
	}
	d := open(t, Logicals())
	d.Press("j", "f")
	d.Contains("an extended partition holds no file system")
	d.Press("l")
	d.Contains("Cannot")
	d = open(t, Varied())
	d.Press("l")
	d.Contains("there is no file system in it")
	blank := open(t, Blank())
	blank.Press("G")
	blank.Contains("Cannot")
	blank.Press("v")
	blank.Contains("nothing was copied")
	if size := Blank().Layout.Size(); size != 512*geometry.MiB {
		t.Errorf("the stand-in is %d bytes", size)
	}
}
