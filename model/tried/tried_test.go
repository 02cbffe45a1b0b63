package tried_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

func TestText(t *testing.T) {
	missing := &fs.PathError{Op: "openat", Path: "a.raw", Err: unix.ENOENT}
	for _, c := range []struct {
		err  error
		want string
	}{
		{missing, "cannot openat a.raw: no such file or directory"},
		{tried.Errorf("open %s: %w", "a.raw", missing), "cannot open a.raw: no such file or directory"},
		{tried.Errorf("read the plan: %w", missing), "cannot read the plan: a.raw: no such file or directory"},
		{tried.Errorf("move it: %w", &os.LinkError{Op: "rename", Old: "a", New: "b", Err: unix.EXDEV}), "cannot move it: b: invalid cross-device link"},
		{tried.Errorf("ask: %w", os.NewSyscallError("ioctl", unix.ENOTTY)), "cannot ask: inappropriate ioctl for device"},
		{tried.Errorf("%w; try again", tried.Errorf("read it")), "cannot read it; try again"},
		{tried.Errorf("%w; try again", errors.New("a.raw is empty")), "a.raw is empty; try again"},
		{tried.Errorf("%w; try again", errors.Join(tried.Errorf("read it"), nil)), "cannot read it; try again"},
		{tried.Errorf("%w; try again", errors.Join(errors.New("a.raw is empty"), tried.Errorf("close it"))), "a.raw is empty; close it; try again"},
		{errors.New("open a.raw yourself"), "open a.raw yourself"},
		{fmt.Errorf("p1: %w", tried.Errorf("read it")), "p1: read it"},
		{errors.Join(tried.Errorf("close a: %w", unix.EBADF), nil), "cannot close a: bad file descriptor"},
		{errors.Join(tried.Errorf("close a: %w", unix.EBADF), errors.New("b is gone")), "cannot close a: bad file descriptor; b is gone"},
		{fmt.Errorf("%s\n%s", "one", "two"), "one; two"},
	} {
		if got := tried.Text(c.err); got != c.want {
			t.Errorf("%q: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestErrorsStayWhatTheyAre(t *testing.T) {
	err := tried.Errorf("open %s: %w", "a.raw", &fs.PathError{Op: "open", Path: "a.raw", Err: unix.ENOENT})
	if err.Error() != "open a.raw: no such file or directory" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if got := tried.Cause(fmt.Errorf("x: %w", &os.LinkError{Op: "link", Old: "a", New: "b", Err: unix.EPERM})); !errors.Is(got, unix.EPERM) || got.Error() != "operation not permitted" {
		t.Errorf("%v", got)
	}
}
