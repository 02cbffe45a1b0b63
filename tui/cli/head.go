package cli

import (
	"context"
	"errors"

	"shunt/model"
	"shunt/ops/extract"
)

// Head reads the beginning of a file, for the editor.
func (t editTarget) Head(ctx context.Context, id model.PartID, path string, most int) (data []byte, more bool, err error) {
	h := head{most: most}
	if _, err = t.Read(ctx, id, extract.Wish{Path: path, File: true}, &h); errors.Is(err, errEnough) {
		err = nil
	}
	return h.data, h.more, err
}

// errEnough ends the reading of a file.
var errEnough = errors.New("enough was read")

// head is a Handler that keeps the first bytes of one file.
type head struct {
	most int
	data []byte
	more bool
}

func (h *head) Enter(extract.Entry) error { return nil }
func (h *head) Leave() error              { return nil }

func (h *head) Data(b []byte) error {
	n := min(len(b), h.most-len(h.data))
	if h.data = append(h.data, b[:n]...); n < len(b) {
		h.more = true
		return errEnough
	}
	return nil
}

func (h *head) Hole(n int64) error { return h.Data(make([]byte, min(n, int64(h.most)+1))) }

// Fault ends the reading: what follows would be taken for a part of the file.
func (h *head) Fault(f extract.Fault) error { return &extract.Error{What: extract.Other, Why: f.Why} }
