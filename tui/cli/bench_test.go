package cli

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// BenchmarkMove moves a partition of 3 GiB, of which 0.8 GiB are in use or all of it, right by 1 GiB, with the result
// synced: by shunt, by sfdisk and, of ext4, by e2image, on the file system that holds the tests' temporary files and on an
// XFS that shares blocks. An iteration takes seconds: run it with -benchtime 1x -count 3 and take the middle.
func BenchmarkMove(b *testing.B) {
	testneed.File(b, "/dev/fuse")
	for _, name := range []string{"sfdisk", "sgdisk", "mkfs.ext4", "e2image"} {
		testneed.Tool(b, name)
	}
	for _, host := range []struct {
		name string
		dir  func(b *testing.B) string
	}{{"here", func(b *testing.B) string { b.Helper(); return b.TempDir() }}, {"xfs", sharing}} {
		b.Run("on="+host.name, func(b *testing.B) {
			dir := host.dir(b)
			for _, full := range []bool{false, true} {
				name := map[bool]string{false: "fs=ext4", true: "fs=unknown"}[full]
				b.Run(name, func(b *testing.B) {
					image := moveImage(b, dir, full)
					b.Cleanup(func() { _ = os.Remove(image) })
					b.Run("by=shunt", func(b *testing.B) { moves1GiB(b, image, byShunt) })
					b.Run("by=sfdisk", func(b *testing.B) { moves1GiB(b, image, bySfdisk) })
					if !full {
						b.Run("by=e2image", func(b *testing.B) { moves1GiB(b, image, byE2image) })
					}
				})
			}
		})
	}
}

// BenchmarkMoveInQcow2 moves a partition of 7 GiB with 4 GiB of files right by 2 GiB in an image of 12 GiB, with the result
// synced: by shunt in qcow2, and by sfdisk in a raw image with the same content. B/written is what the mover wrote and
// cpu-s/op its processor time, as the kernel counts them. It needs 20 GiB of room, and takes a minute or two.
func BenchmarkMoveInQcow2(b *testing.B) {
	testneed.File(b, "/dev/fuse")
	for _, name := range []string{"sfdisk", "sgdisk", "mkfs.ext4", "qemu-img"} {
		testneed.Tool(b, name)
	}
	dir, tree := b.TempDir(), b.TempDir()
	rng := rand.New(rand.NewSource(1))
	for i := range 16 {
		oracle.PlantTree(b, filepath.Join(tree, itoa(int64(i))), rng, 256*mib)
	}
	sh(b, dir, "truncate -s 12G raw; sgdisk -o -n1:2048:+1G -n2:0:+7G raw")
	sh(b, dir, fmt.Sprintf("mkfs.ext4 -q -F -d '%s' -E offset=%d raw 7G; rm -rf '%[1]s'", tree, 1025*mib))
	sh(b, dir, "qemu-img convert -O qcow2 raw qcow2; sync -f .")
	b.Run("by=shunt/in=qcow2", func(b *testing.B) {
		b.StopTimer()
		image := filepath.Join(dir, "qcow2")
		sh(b, dir, "cat qcow2 >/dev/null")
		sh(b, ".", "CGO_ENABLED=0 go build -o '"+dir+"/shunt' shunt") // the test program takes longer to start
		for range b.N {
			timed(b, script("XDG_STATE_HOME=/dev/null '"+dir+"/shunt' apply --yes '"+image+"' '"+write(b, "move 2 right 2GiB\n")+"'"))
			sh(b, dir, "qemu-img check -q qcow2; qemu-img dd -f qcow2 -O raw bs=64k count=1 if=qcow2 of=head; truncate -s 12G head")
			movedBy2GiB(b, filepath.Join(dir, "head"))
			if r := people()[0].run(b, "undo", "--yes", image); r.code != 0 {
				b.Fatalf("undo: %s", r.err)
			}
		}
	})
	b.Run("by=sfdisk/in=raw", func(b *testing.B) {
		b.StopTimer()
		for range b.N {
			sh(b, dir, "cp --sparse=always --reflink=never raw moved; sync -f .; cat moved >/dev/null")
			cmd := script("echo '+2G,' | sfdisk --no-reread --move-data=log -N 2 moved && sync moved")
			cmd.Dir = dir
			timed(b, cmd)
			movedBy2GiB(b, filepath.Join(dir, "moved"))
		}
	})
}

// movedBy2GiB fails unless the second partition lies where BenchmarkMoveInQcow2 moves it.
func movedBy2GiB(b *testing.B, image string) {
	b.Helper()
	if got := oracle.SFDisk(b, image).Part(b, 2).Off; got != (1025+2048)*mib {
		b.Fatalf("the partition begins at %d", got)
	}
}

// timed runs a program with the timer on.
func timed(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	b.StartTimer()
	out, err := cmd.CombinedOutput()
	b.StopTimer()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		b.ReportMetric(float64(used.Oublock*512), "B/written")
	}
	b.ReportMetric((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), "cpu-s/op")
}

// sharing is a directory on an XFS with shared blocks.
func sharing(b *testing.B) string {
	b.Helper()
	testneed.Root(b)
	testneed.File(b, "/dev/loop-control")
	testneed.Tool(b, "mkfs.xfs")
	testneed.Mountable(b, "xfs")
	host := b.TempDir()
	sh(b, host, "truncate -s 24G disk; mkfs.xfs -q -m reflink=1 disk; mkdir mnt; mount -o loop disk mnt")
	b.Cleanup(func() { sh(b, host, "umount mnt") })
	return filepath.Join(host, "mnt")
}

// moveImage is a disk of 5 GiB with one partition of 3 GiB at 1 MiB: an ext4 with 0.8 GiB of files, or random bytes.
func moveImage(b *testing.B, dir string, full bool) string {
	b.Helper()
	image := filepath.Join(dir, "original.raw")
	sh(b, dir, "truncate -s 5G '"+image+"'; sgdisk -o -n1:2048:+3G '"+image+"'")
	rng := rand.New(rand.NewSource(1))
	if full {
		f, err := os.OpenFile(image, os.O_WRONLY, 0)
		if err != nil {
			b.Fatal(err)
		}
		for at := int64(mib); at < mib+3<<30; at += mib {
			block := make([]byte, mib)
			rng.Read(block)
			if _, err := f.WriteAt(block, at); err != nil {
				b.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	} else {
		tree := b.TempDir()
		oracle.PlantTree(b, tree, rng, 800*mib)
		sh(b, dir, "mkfs.ext4 -q -F -d '"+tree+"' -E offset=1048576 '"+image+"' 3G")
	}
	sh(b, dir, "sync -f .")
	return image
}

// moves1GiB times a mover on fresh copies of an image.
func moves1GiB(b *testing.B, original string, mover func(b *testing.B, image string) *exec.Cmd) {
	b.Helper()
	dir := filepath.Dir(original)
	image := filepath.Join(dir, "moved.raw")
	for range b.N {
		b.StopTimer()
		// Without shared blocks: the copies are what is measured.
		sh(b, dir, fmt.Sprintf("rm -rf '%[2]s' '%[2]s.shunt'; cp --sparse=always --reflink=never '%[1]s' '%[2]s'; sync -f .", original, image))
		cmd := mover(b, image)
		b.StartTimer()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
		b.StopTimer()
		if got := oracle.SFDisk(b, image).Part(b, 1).Off; got != 1025*mib {
			b.Fatalf("the partition begins at %d", got)
		}
		b.StartTimer()
	}
	b.StopTimer()
	sh(b, dir, fmt.Sprintf("rm -rf '%[1]s' '%[1]s.shunt'", image))
}

func byShunt(b *testing.B, image string) *exec.Cmd {
	b.Helper()
	plan := filepath.Join(b.TempDir(), "plan")
	if err := os.WriteFile(plan, []byte("move 1 right 1GiB\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	return people()[0].program(b, "apply", "--yes", image, plan)
}

func bySfdisk(b *testing.B, image string) *exec.Cmd {
	b.Helper()
	return script(fmt.Sprintf("echo '+1G,' | sfdisk --no-reread --move-data='%s.log' -N 1 '%[1]s' && sync '%[1]s'", image))
}

// byE2image copies the blocks in use, undoes that e2image cuts the file off behind them, and then changes the table.
func byE2image(b *testing.B, image string) *exec.Cmd {
	b.Helper()
	return script(fmt.Sprintf("e2image -ra -o %d -O %d '%[3]s' '%[3]s' && truncate -s 5G '%[3]s' && echo '+1G,' | sfdisk --no-reread -N 1 '%[3]s' && sync '%[3]s'",
		mib, 1025*mib, image))
}

func script(text string) *exec.Cmd {
	cmd := exec.Command("sh", "-ec", text)
	cmd.Env = append(os.Environ(), "PATH=/usr/local/sbin:/usr/sbin:/sbin:"+os.Getenv("PATH"), "LC_ALL=C")
	return cmd
}
