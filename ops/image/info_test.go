package image

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// TestDescribe compares with what qemu-img says about images of all formats.
func TestDescribe(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	t.Chdir(t.TempDir())
	testneed.Shell(t, ".", "truncate -s 3M raw; for f in "+strings.Join(Formats()[1:], " ")+"; do qemu-img create -q -f $f ./$f: 64M; done")
	testneed.Shell(t, ".", "qemu-io -f qcow2 -c 'write 0 1M' ./qcow2: >/dev/null; qemu-img snapshot -c one ./qcow2:")
	testneed.Shell(t, ".", "qemu-img create -q -f qcow2 --object secret,id=s,data=abc -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 luks 1M")
	for _, name := range names(t, ".") {
		i, err := Describe(t.Context(), name)
		require(t, err)
		var want aboutImage
		require(t, json.Unmarshal([]byte(testneed.Shell(t, ".", "qemu-img info --output=json './"+name+"'")), &want))
		if i.Size == nil || *i.Size != want.Size || i.Format != want.Format || i.Allocated != want.Allocated || len(i.Snapshots) != len(want.Snapshots) {
			t.Errorf("%s: %+v, and qemu-img says %+v", name, i, want)
		}
		if len(i.Notes)+len(i.OpenBy)+len(i.Chain) > 0 {
			t.Errorf("%s: %+v", name, i)
		}
	}
}

// TestDescribeChain shows chains that are whole, cut, in a circle, and of names that are none of files.
func TestDescribeChain(t *testing.T) {
	testneed.Tool(t, "qemu-img")
	t.Chdir(t.TempDir())
	testneed.Shell(t, ".", `truncate -s 3M base; mkdir d
		qemu-img create -q -f qcow2 -F raw -b ../base d/one; qemu-img create -q -f qcow2 -F qcow2 -b d/one top
		qemu-img create -q -f vmdk v 3M; qemu-img create -q -f qcow2 -F vmdk -b v over
		qemu-img create -q -f qcow2 -u -F raw -b gone cut 1M; qemu-img create -q -f qcow2 -u -F raw -b nbd:unix:/none net 1M
		qemu-img create -q -f qcow2 -u -F qcow2 -b circle ring 1M; mv ring circle`)
	for name, want := range map[string]struct{ layers, says string }{
		"top": {layers: "d/one qcow2 3145728, d/../base raw 3145728"}, "over": {layers: "v vmdk 3145728"},
		"cut": {"gone raw -", "missing"}, "net": {"nbd:unix:/none raw -", "protocol"}, "circle": {"circle qcow2 -", "named before"},
	} {
		i, err := Describe(t.Context(), name)
		require(t, err)
		var layers []string
		for _, l := range i.Chain {
			size := "-"
			if l.Size != nil {
				b, err := json.Marshal(*l.Size)
				require(t, err)
				size = string(b)
			}
			layers = append(layers, strings.TrimPrefix(l.Path, "./")+" "+l.Format+" "+size)
		}
		says := strings.Join(i.Notes, " ")
		if got := strings.Join(layers, ", "); got != want.layers || !strings.Contains(says, want.says) || (says == "") != (want.says == "") {
			t.Errorf("%s: %q, %q", name, got, says)
		}
		if _, err := json.Marshal(i); err != nil {
			t.Error(err)
		}
	}
}

// TestDescribeUsers names who has an image open, and what is no image.
func TestDescribeUsers(t *testing.T) {
	dir := t.TempDir()
	path := rawImage(t, dir, "a", 1<<20)
	held, err := registry.Open(path, target.Options{})
	require(t, err)
	defer func() { _ = held.Close() }()
	testneed.Shell(t, dir, "mkfifo pipe")
	// Another process holds it as standard input.
	out := testneed.Shell(t, dir, "exec 5<a; cat pipe >/dev/null 2>&1 & echo $!; exec 5<&-")
	pid := strings.TrimSpace(out)
	i, err := Describe(t.Context(), path)
	require(t, err)
	if !slices.ContainsFunc(i.OpenBy, func(u User) bool { return strings.Contains(u.Holder, "(pid "+pid+")") }) {
		t.Errorf("process %s is not named: %+v", pid, i.OpenBy)
	}
	require(t, os.WriteFile(filepath.Join(dir, "pipe"), nil, 0o600)) // cat ends
	for _, name := range []string{"none", "pipe", "."} {
		if _, err := Describe(t.Context(), filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is described", name)
		}
	}
}
