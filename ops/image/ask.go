package image

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"
)

// aboutImage is what qemu-img says about an image.
type aboutImage struct {
	Size          int64  `json:"virtual-size"`
	Format        string `json:"format"`
	Allocated     int64  `json:"actual-size"`
	Backing       string `json:"backing-filename"`
	FullBacking   string `json:"full-backing-filename"`
	BackingFormat string `json:"backing-filename-format"`
	Specific      struct {
		Data struct {
			Extents []struct {
				Path string `json:"filename"`
			} `json:"extents"` // the files that a VMDK consists of
		} `json:"data"`
	} `json:"format-specific"`
	Snapshots []struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Made  int64  `json:"date-sec"`
		State int64  `json:"vm-state-size"`
	} `json:"snapshots"`
}

// askPatience is how long qemu-img may take to read the header of an image.
const askPatience = 20 * time.Second

// askQEMU asks qemu-img about the image at path, and not about its backing files. The format is QEMU's name.
func askQEMU(ctx context.Context, path, format string) (about aboutImage, err error) {
	at, err := plainly(path)
	if err != nil {
		return about, err
	}
	ctx, stop := context.WithTimeout(ctx, askPatience)
	defer stop()
	out, err := callQEMU(ctx, reach{read: []string{filepath.Dir(at), at}}, nil, "info", "-U", "--output=json", "-f", format, at)
	if err != nil {
		return about, err
	}
	if err := json.Unmarshal([]byte(out), &about); err != nil || about.Size <= 0 {
		return about, errors.New("qemu-img does not say how large its disk is")
	}
	return about, nil
}
