package qcow2

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"shunt/model/testneed"
)

var verdictsFlag = flag.Int("verdicts", 12, "how many spoiled images to compare with the verdict of qemu-img")

// TestVerdicts spoils single fields of images, and compares with the verdict of qemu-img check: what QEMU opens and finds in
// order is read and in order here, and what it does not open or calls corrupt is not edited here.
func TestVerdicts(t *testing.T) {
	seed := testneed.Seed(t)
	rng := rand.New(rand.NewSource(seed))
	var files [][]byte
	for _, s := range []shape{
		{options: "compat=0.10,cluster_size=4096"},
		{options: "compat=1.1,cluster_size=512,refcount_bits=64"},
		{options: "compat=1.1,cluster_size=4096", packed: true},
		{options: "compat=1.1,cluster_size=16k,extended_l2=on"},
	} {
		files = append(files, s.snapshotted(t, rng))
	}
	count := map[string]int{}
	for i := range *verdictsFlag {
		rng := rand.New(rand.NewSource(seed + int64(i)))
		file := files[rng.Intn(len(files))]
		spoiled, what := field(rng, file)
		ours, theirs := verdict(spoiled), qemuVerdict(t, spoiled)
		count[theirs]++
		if theirs == "in order" && ours == "corrupt" && be.Uint32(spoiled[4:]) == 2 {
			continue // zero clusters in version 2: qemu-img check passes them, and QEMU cannot read them
		}
		if ours != theirs && (theirs == "in order" || theirs == "leaks" || ours == "in order" || ours == "leaks") {
			t.Errorf("seed %d, %s: it is %s, and to QEMU it is %s", seed+int64(i), what, ours, theirs)
		}
	}
	t.Log(count)
}

// field spoils one field of an image and says which.
func field(rng *rand.Rand, file []byte) (spoiled []byte, what string) {
	file = slices.Clone(file)
	h, err := readHeader(memory(file))
	if err != nil {
		panic(err)
	}
	entry := func(off int64, n int) int64 { return off + 8*rng.Int63n(int64(min(n, 24))) }
	var off int64
	switch rng.Intn(7) {
	case 0, 1:
		off, what = 4*rng.Int63n(28), "the header"
	case 2:
		off, what = entry(h.l1.off, h.l1.entries), "the L1 table"
	case 3, 4:
		off, what = entry(int64(be.Uint64(file[h.l1.off:])&offsetMask), 1<<16), "an L2 table"
	case 5:
		off, what = entry(h.refTable.off, h.refTable.entries), "the refcount table"
	case 6:
		off, what = h.snapshots.off+4*rng.Int63n(14), "the snapshot table"
	}
	was := be.Uint64(file[off:])
	now := was
	for now == was {
		switch rng.Intn(4) {
		case 0:
			now = was ^ 1<<rng.Intn(64)
		case 1:
			now = 0
		case 2:
			now = was + uint64(rng.Int63n(1<<16)) - 1<<15
		case 3:
			now = was ^ uint64(h.cluster())<<rng.Intn(4)
		}
	}
	be.PutUint64(file[off:], now)
	return file, fmt.Sprintf("%s, version %d, clusters of %d: byte %d: %#x instead of %#x", what, h.Version, h.cluster(), off, now, was)
}

// verdict says what this package finds in an image.
func verdict(file []byte) string {
	im, err := Open(memory(file), nil)
	if err != nil {
		return "not opened"
	}
	check, err := im.Walk(context.Background())
	switch {
	case err != nil:
		return "corrupt"
	case im.Dirty, im.Marked, !check.Clean():
		return "corrupt"
	case check.Leaks.Count > 0:
		return "leaks"
	}
	return "in order"
}

// qemuVerdict says what qemu-img finds in it.
func qemuVerdict(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	require(t, os.WriteFile(path, file, 0o600))
	defer func() { require(t, os.Remove(path)) }()
	cmd := exec.Command(testneed.Tool(t, "qemu-img"), "check", "-q", "-f", "qcow2", path)
	_ = cmd.Run() // its code is what counts
	switch cmd.ProcessState.ExitCode() {
	case 0:
		return "in order"
	case 3:
		return "leaks"
	case 2:
		return "corrupt"
	}
	return "not opened"
}
