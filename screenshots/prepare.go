package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// These functions make the images of the scenarios, in the directory in which the program is started.

// stick makes the practice image.
func stick(ctx context.Context, dir, program string) error {
	return do(ctx, dir, program, "demo", "--make-only", "stick.raw")
}

// fill makes the practice image with p2 nearly full, so that moving it takes a moment.
func fill(ctx context.Context, dir, program string) error {
	if err := stick(ctx, dir, program); err != nil {
		return err
	}
	// p2 begins at sector 989184.
	return put(ctx, dir, "stick.raw", 989184, 400<<20)
}

// put writes a file of n bytes into the ext4 file system that begins at a sector of an image.
func put(ctx context.Context, dir, image string, sector, n int) error {
	film := filepath.Join(dir, "film")
	if err := os.WriteFile(film, bytes.Repeat([]byte("film"), n/4), 0o600); err != nil {
		return err
	}
	return errors.Join(do(ctx, dir, "debugfs", "-w", "-R", "write film film.mp4", fmt.Sprintf("%s?offset=%d", image,
		sector*512)), os.Remove(film))
}

// interrupt makes the practice image and kills a commit to it halfway.
func interrupt(ctx context.Context, dir, program string) error {
	if err := fill(ctx, dir, program); err != nil {
		return err
	}
	plan := "image grow 2GiB\nmove 2 right 1024MiB\ngrow 1\n"
	if err := os.WriteFile(filepath.Join(dir, "plan"), []byte(plan), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "apply", "--yes", filepath.Join(dir, "stick.raw"), "plan")
	cmd.Dir = dir
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if strings.Contains(lines.Text(), "committing: copy") {
			killAll(dir)
			_ = cmd.Wait() // it was killed
			return nil
		}
	}
	return errors.Join(errors.New("the commit was over before it could be killed"), cmd.Wait())
}

// killAll kills every process that has the directory in its command line, except this one and the terminal.
func killAll(dir string) {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, proc := range procs {
		cmdline, err := os.ReadFile(filepath.Join(proc, "cmdline"))
		if pid, numeric := strconv.Atoi(filepath.Base(proc)); err == nil && numeric == nil &&
			pid != os.Getpid() && bytes.Contains(cmdline, []byte(dir+"/stick.raw")) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
}

// serverTable is the partition table of a server as an installer leaves it: the swap partition follows the root.
const serverTable = `label: gpt
size=512M, type=U, name="EFI system"
size=800M, name="root"
size=1G, type=S, name="swap"
size=1500M, name="var"
size=600M, name="log"
size=1G, name="home"
`

// serverPlan formats and fills the partitions of serverTable.
const serverPlan = `format 1 fs=fat32 label=EFI
format 2 fs=ext4 label=root
format 3 fs=swap
format 4 fs=ext4 label=var
format 5 fs=ext4 label=log
format 6 fs=ext4 label=home
`

// full makes the disk of a server whose root is full and has to grow.
func full(ctx context.Context, dir, program string) error {
	if err := server(ctx, dir, program); err != nil {
		return err
	}
	return put(ctx, dir, "server.raw", 1050624, 600<<20)
}

// server makes the disk of a server.
func server(ctx context.Context, dir, program string) error {
	image := filepath.Join(dir, "server.raw")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 8<<30), os.WriteFile(image+".plan",
		[]byte(serverPlan), 0o600)); err != nil {
		return err
	}
	table := exec.CommandContext(ctx, "sfdisk", "--quiet", "--no-tell-kernel", image)
	table.Stdin = strings.NewReader(serverTable)
	if out, err := table.CombinedOutput(); err != nil {
		return fmt.Errorf("make a partition table: %w: %s", err, out)
	}
	if err := do(ctx, dir, program, "apply", "--yes", "--no-undo", image, image+".plan"); err != nil {
		return err
	}
	return os.Remove(image + ".plan")
}

// images makes a directory with several images.
func images(ctx context.Context, dir, program string) error {
	if err := errors.Join(stick(ctx, dir, program), server(ctx, dir, program)); err != nil {
		return err
	}
	backup := filepath.Join(dir, "backup.img")
	return errors.Join(
		os.WriteFile(backup, nil, 0o600), os.Truncate(backup, 3<<30), do(ctx, dir, "mkfs.ext4", "-q", "-F", "backup.img"),
		do(ctx, dir, "qemu-img", "create", "-q", "-f", "qcow2", "vm.qcow2", "20G"),
		os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("what is where\n"), 0o600), os.Mkdir(filepath.Join(dir, "old"),
			0o700),
	)
}

// do runs a program to its end in a directory.
func do(ctx context.Context, dir string, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
	}
	return nil
}
