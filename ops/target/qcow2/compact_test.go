package qcow2

import (
	"context"
	"math/rand"
	"os"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/target"
)

// TestCompact frees the beginning of an image's file, and has the rest moved down so that the file can be cut.
func TestCompact(t *testing.T) {
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	for _, s := range []shape{
		{options: "compat=0.10,cluster_size=4096"},
		{options: "compat=1.1"},
		{options: "compat=1.1,extended_l2=on,cluster_size=16k"},
		{options: "compat=1.1,refcount_bits=1,cluster_size=512"},
		{options: "compat=1.1,cluster_size=4096", packed: true},
	} {
		t.Run(s.options, func(t *testing.T) {
			path := s.make(t, t.TempDir(), rng, 4<<20) // the end is left unmapped, so that the image is not a preallocated one
			args := []string{"-f", "qcow2"}
			for at := 0; at < 8; at++ {
				args = append(args, "-c", "write -P 3 "+[]string{"0", "256k", "512k", "768k", "1M", "1280k", "1536k", "1792k"}[at]+" 200k")
			}
			qemu(t, "qemu-io", append(args, path)...)
			d := newDraft(readAll(t, openImage(t, path)))
			d.set(target.Piece{Len: 1 << 20, Kind: target.Empty})
			clear(d.disk[:1<<20])
			d.commit(t, path)

			f, err := os.OpenFile(path, os.O_RDWR, 0)
			require(t, err)
			defer func() { require(t, f.Close()) }()
			im := openImage(t, path)
			check := clean(t, im, path)
			end, after := check.refs.end, im
			for i := range compactPasses {
				changed, err := after.compact(context.Background(), check, f)
				require(t, err)
				if i == 0 && !changed {
					t.Error("nothing was moved")
				}
				after = openImage(t, path)
				check = clean(t, after, path)
				d.is(t, readAll(t, after))
			}
			if check.refs.end*10 > end*8 {
				t.Errorf("the file's end went from cluster %d to %d", end, check.refs.end)
			}
			require(t, f.Truncate(check.refs.end*after.cluster()))
			d.is(t, readAll(t, openImage(t, path)))
			clean(t, openImage(t, path), path)
		})
	}
}
