package fsys

import (
	"context"
	"errors"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// luksDriver: while it is closed there is nothing to resize, as it takes what room it has when it is opened.
func luksDriver() Driver {
	return Driver{
		Kind: model.LUKS, Package: "cryptsetup-bin",
		create: cannot("shunt asks for no passphrases: make a partition and run `cryptsetup luksFormat`"),
		grow:   alone(),
		shrink: cannot("how much of it is used can only be seen while it is open"),
		check:  cannot("what is encrypted in it can only be checked while it is open"),
		label:  can("cryptsetup").called("cryptsetup config"), uuid: can("cryptsetup").called("cryptsetup luksUUID"),
		online:   cannot("close it first, or use `cryptsetup resize`"),
		facts:    ops.Capability{Labels: ops.LabelRule{Most: 47}},
		resize:   func(job, context.Context, geometry.Bytes) error { return nil },
		setLabel: job.labelLUKS,
		setUUID:  command("cryptsetup", "--batch-mode", "--uuid", "{=}", "luksUUID", "{}"),
		Ask:      ask("cryptsetup-bin", "cryptsetup", "luksDump", "{}"),
		NoFiles:  encrypted,
	}
}

// encrypted is why no files are to be seen in what is encrypted.
const encrypted = "it is encrypted: open it with `cryptsetup open`, and the files are in what that shows"

// labelLUKS has cryptsetup write the label, which only LUKS2 has.
func (j job) labelLUKS(ctx context.Context, label string) error {
	if j.fs.Trait == model.OldForm {
		return errors.New("only LUKS2 has labels and this is LUKS1")
	}
	return command("cryptsetup", "--batch-mode", "--label", "{=}", "config", "{}")(j, ctx, label)
}
