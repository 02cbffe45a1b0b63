package qcow2

import (
	"bytes"
	"compress/flate" // klauspost's needs bits behind the last one where a stream ends without its mark, and zlib does not
	"io"

	"github.com/klauspost/compress/zstd"
)

// inflate unpacks a stream until p is full. What follows in the stream is not looked at: it can belong to another cluster.
func inflate(method string, p, stream []byte) error {
	var r io.Reader
	if method == "zstd" {
		d, err := zstd.NewReader(bytes.NewReader(stream), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return err
		}
		defer d.Close()
		r = d
	} else {
		r = flate.NewReader(bytes.NewReader(stream))
	}
	_, err := io.ReadFull(r, p)
	return err
}

// maxWindow limits the memory that a frame of zstd may ask for. A cluster has 2 MiB at most.
const maxWindow = 64 << 20
