package scan

import (
	"bytes"
	"io"
	"testing"

	"shunt/model"
)

// zeroes is a disk of any length that holds nothing.
type zeroes struct{}

func (zeroes) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// lastByte is a disk that knows its holes: only its last byte holds something.
type lastByte struct{ n int64 }

func (l lastByte) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off+int64(len(p)) == l.n {
		p[len(p)-1] = 1
	}
	return len(p), nil
}

func (l lastByte) Data(off int64) (int64, int64, error) { return max(off, l.n-1), l.n, nil }

// TestBlank has a single byte anywhere keep a partition from counting as blank.
func TestBlank(t *testing.T) {
	at := func(byteNo int64) io.ReaderAt {
		b := make([]byte, 2*mib)
		b[byteNo] = 1
		return bytes.NewReader(b)
	}
	for _, c := range []struct {
		name   string
		r      io.ReaderAt
		off, n int64
		blank  bool
	}{
		{"first", at(mib), mib, mib, false},
		{"behind the first page", at(mib + 4096), mib, mib, false},
		{"last", at(2*mib - 1), mib, mib, false},
		{"in front of it", at(mib - 1), mib, mib, true},
		{"behind it", at(mib), 0, mib, true},
		{"short", at(0), mib, 2 * mib, false}, // cannot be read
		{"zeros", zeroes{}, mib, mostBlank, true},
		{"too many zeros", zeroes{}, mib, mostBlank + 1, false},
		{"a hole and a byte", lastByte{8 << 40}, 0, 8 << 40, false},
		{"a hole", lastByte{8 << 40}, 0, 8<<40 - 1, true},
	} {
		b := newBlankness(c.r)
		if got := b.of(model.Filesystem{}, c.off, c.n); (got == model.Filesystem{}) != c.blank {
			t.Errorf("%s: %s", c.name, summary(got))
		}
	}
}
