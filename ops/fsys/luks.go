package fsys

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// luksFeature: while it is closed LUKS has nothing to resize, as it takes what room it has when it is opened.
var luksFeature = feature{
	pkg: "cryptsetup-bin", create: cannot("shunt asks for no passphrases: make a partition and run `cryptsetup luksFormat`"),
	shrink: cannot("how much of it is used can only be seen while it is open"),
	check:  cannot("what is encrypted in it can only be checked while it is open"),
	label:  can("cryptsetup"), uuid: can("cryptsetup"),
	online: cannot("close it first, or use `cryptsetup resize`"),
}

// labelLUKS has cryptsetup write the label, which only LUKS2 has.
func (t Tools) labelLUKS(ctx context.Context, doing, path, label string) error {
	fs, _, err := t.probe(path)
	if err == nil && !strings.HasPrefix(fs.Notes, "LUKS2") {
		err = errors.New("only LUKS2 has labels and this is LUKS1")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	_, _, err = t.run(ctx, doing, zeroOnly, "cryptsetup", "--batch-mode", "--label", label, "config", path)
	return err
}
