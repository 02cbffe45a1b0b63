package qcow2

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// packer returns a function that turns a piece of the disk into its clusters: nil for one that is zero, the compressed bytes
// where they are shorter, and otherwise the cluster as it is. The last cluster is padded with zeros.
func packer(method string, cluster int64) (func(off int64, p []byte) (any, error), error) {
	pack, err := compressor(method)
	if err != nil {
		return nil, err
	}
	return func(_ int64, p []byte) (any, error) {
		list := make([][]byte, 0, ceil(int64(len(p)), cluster))
		for ; len(p) > 0; p = p[min(cluster, int64(len(p))):] {
			b := p[:min(cluster, int64(len(p)))]
			if allZero(b) {
				list = append(list, nil)
				continue
			}
			if int64(len(b)) < cluster {
				b = append(bytes.Clone(b), make([]byte, cluster-int64(len(b)))...)
			}
			if pack != nil {
				short, err := pack(b)
				if err != nil {
					return nil, err
				}
				if len(short) < len(b) {
					b = short
				}
			}
			list = append(list, b)
		}
		return list, nil
	}, nil
}

// window is how far back QEMU looks when it unpacks a deflated cluster. A stream that reaches further fails there.
const window = 4096

// compressor returns a function that compresses a cluster, or nil if nothing is compressed.
func compressor(method string) (func([]byte) ([]byte, error), error) {
	switch method {
	case "zstd":
		// The fastest level takes as long as QEMU, and its images are 5 % larger.
		e, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithSingleSegment(true))
		if err != nil {
			return nil, err
		}
		return func(p []byte) ([]byte, error) { return e.EncodeAll(p, make([]byte, 0, len(p)/2)), nil }, nil
	case "zlib":
		var writers sync.Pool
		return func(p []byte) ([]byte, error) {
			var out bytes.Buffer
			out.Grow(len(p) / 2)
			w, _ := writers.Get().(*flate.Writer)
			if w == nil {
				var err error
				if w, err = flate.NewWriterWindow(&out, window); err != nil {
					return nil, err
				}
			} else {
				w.Reset(&out)
			}
			if _, err := w.Write(p); err != nil {
				return nil, err
			}
			if err := w.Close(); err != nil {
				return nil, err
			}
			writers.Put(w)
			return out.Bytes(), nil
		}, nil
	}
	return nil, nil
}

// Packed reports whether the image has compressed clusters, which take longer to read than plain ones. It looks at the first
// L2 tables only.
func (f *file) Packed() bool {
	const most = 4 // tables
	im, _ := f.now()
	for seen, i := 0, 0; seen < most && i < len(im.l1); i++ {
		off, err := im.checkL1(im.l1[i], i)
		if off == 0 || err != nil {
			continue
		}
		table, err := im.l2(off)
		if err != nil {
			return false // the copy reports it
		}
		for j := range im.perL2() {
			if im.entryIn(table, j).kind() == packed {
				return true
			}
		}
		seen++
	}
	return false
}
