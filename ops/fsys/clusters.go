package fsys

import (
	"io"
	"sync"

	"shunt/model/tried"
)

// A clusterChain finds the clusters of a file by their index. It walks along the chain and notes every chainStride-th
// cluster, so a large file with small clusters takes little memory. It may be used from several goroutines.
type clusterChain struct {
	// next returns the cluster behind c, or ok == false if c is the last one.
	next func(c int64) (n int64, ok bool, err error)
	// good reports whether a number is that of a cluster.
	good func(c int64) bool

	mu    sync.Mutex
	marks []int64 // each is the cluster with the index i*chainStride
	index int64   // of the cluster at
	at    int64
}

const chainStride = 1024

func newChain(first int64, good func(int64) bool, next func(int64) (int64, bool, error)) *clusterChain {
	return &clusterChain{next: next, good: good, marks: []int64{first}, at: first}
}

// cluster returns the i-th cluster of the chain. If the chain ends before, it returns errChainEnds.
func (ch *clusterChain) cluster(i int64) (int64, error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if i < ch.index {
		mark := min(i/chainStride, int64(len(ch.marks))-1)
		ch.index, ch.at = mark*chainStride, ch.marks[mark]
	}
	for {
		if !ch.good(ch.at) {
			return 0, broken("cluster %d does not exist", ch.at)
		}
		if ch.index == i {
			return ch.at, nil
		}
		n, ok, err := ch.next(ch.at)
		switch {
		case err != nil:
			return 0, err
		case !ok:
			return 0, errChainEnds
		}
		ch.index, ch.at = ch.index+1, n
		if ch.index%chainStride == 0 && ch.index/chainStride == int64(len(ch.marks)) {
			ch.marks = append(ch.marks, n)
		}
	}
}

// errChainEnds is returned for a cluster behind the end of a chain.
var errChainEnds error = &BrokenError{"a chain of clusters is shorter than it should be"}

// check returns a *BrokenError unless the chain has n clusters, all different. end is the number behind that of the last
// cluster.
func (ch *clusterChain) check(n, end int64) error {
	seen := newClusterSet(end)
	for i := range n {
		c, err := ch.cluster(i)
		if err != nil {
			return err
		}
		if seen.has(c) {
			return broken("the clusters of a file lead back into themselves")
		}
		seen.add(c)
	}
	return nil
}

// clusterFile is the content of a file in clusters.
type clusterFile struct {
	r       io.ReaderAt
	chain   *clusterChain
	size    int64
	valid   int64 // bytes from here on are zero
	cluster int64 // bytes
	place   func(c int64) int64
}

func (f *clusterFile) Size() int64  { return f.size }
func (f *clusterFile) Close() error { return nil }

func (f *clusterFile) Data(off int64) (from, to int64, err error) {
	if off >= f.valid {
		return f.size, f.size, nil
	}
	return off, f.valid, nil
}

func (f *clusterFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errNegative
	}
	n := 0
	for n < len(p) && off < f.size {
		if off >= f.valid {
			k := min(int64(len(p)-n), f.size-off)
			clear(p[n:][:k])
			return n + int(k), eof(n+int(k) < len(p))
		}
		k, err := f.run(p[n:], off)
		n, off = n+k, off+int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, eof(n < len(p))
}

// run reads as much as lies together on the disk.
func (f *clusterFile) run(p []byte, off int64) (int, error) {
	const most = 1 << 20
	want := min(int64(len(p)), f.valid-off, most)
	i := off / f.cluster
	first, err := f.chain.cluster(i)
	if err != nil {
		return 0, err
	}
	have := f.cluster - off%f.cluster
	for n := int64(1); have < want; n++ {
		c, err := f.chain.cluster(i + n)
		if err != nil || c != first+n {
			break // the next call says what is wrong
		}
		have += f.cluster
	}
	p = p[:min(have, want)]
	if err := readFull(f.r, p, f.place(first)+off%f.cluster); err != nil {
		return 0, tried.Errorf("read cluster %d: %w", first, err)
	}
	return len(p), nil
}

// eof returns io.EOF if a read was cut off by the end of the file.
func eof(cut bool) error {
	if cut {
		return io.EOF
	}
	return nil
}
