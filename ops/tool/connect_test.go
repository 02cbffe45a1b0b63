package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

// servedImage makes an ext4 file system with one file, and the command that serves it.
func servedImage(t *testing.T) (argv []string) {
	t.Helper()
	testneed.File(t, fuseDevice)
	testneed.Tool(t, "fuse2fs")
	dir := t.TempDir()
	testneed.Shell(t, dir, "mkdir tree at; echo inside >tree/file; truncate -s 2M i; mkfs.ext4 -q -F -O ^has_journal -d tree i")
	return []string{"fuse2fs", "-f", "-o", "ro,fakeroot", filepath.Join(dir, "i"), filepath.Join(dir, "at")}
}

// TestConnect runs a program that serves files. What it mounts appears where this process has mounted it.
func TestConnect(t *testing.T) {
	testneed.Root(t)
	argv := servedImage(t)
	at := t.TempDir()
	mounted := make(chan struct{})
	asked := 0
	connect := func() (*os.File, error) {
		asked++
		fd, err := unix.Open(fuseDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		connection := os.NewFile(uintptr(fd), fuseDevice)
		options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)
		if err := unix.Mount("test", at, "fuse.test", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_RDONLY, options); err != nil {
			return nil, errors.Join(err, connection.Close())
		}
		close(mounted)
		return connection, nil
	}
	type end struct {
		Result
		err error
	}
	ended := make(chan end, 1)
	go func() {
		result, err := Run(context.Background(), Cmd{Argv: argv, Connect: connect})
		ended <- end{result, err}
	}()
	<-mounted
	text, err := os.ReadFile(filepath.Join(at, "file"))
	if err != nil || string(text) != "inside\n" {
		t.Errorf("%q, %v", text, err)
	}
	if entries, err := os.ReadDir(argv[len(argv)-1]); err != nil || len(entries) > 0 {
		t.Errorf("the program's own directory shows %v, %v", entries, err)
	}
	if err := unix.Unmount(at, 0); err != nil {
		t.Fatal(err)
	}
	if got := <-ended; got.err != nil || got.Exit != 0 || asked != 1 {
		t.Errorf("%+v, asked %d times", got, asked)
	}
}

// TestConnectFails says why no connection could be made. The program ends.
func TestConnectFails(t *testing.T) {
	argv := servedImage(t)
	why := errors.New("not today")
	result, err := Run(context.Background(), Cmd{Argv: argv, Connect: func() (*os.File, error) { return nil, why }})
	if !errors.Is(err, why) || strings.Contains(result.Output, "fusermount") {
		t.Errorf("%+v, %v", result, err)
	}
	// Other programs get on without one.
	result, err = Run(context.Background(), Cmd{Argv: []string{"echo", "hello"}, Connect: func() (*os.File, error) { return nil, why }})
	if err != nil || strings.TrimSpace(result.Output) != "hello" {
		t.Errorf("%+v, %v", result, err)
	}
}
