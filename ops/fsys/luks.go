package fsys

import (
	"context"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// luksDriver cannot resize: an opened LUKS container always covers its whole partition.
func luksDriver() Driver {
	return Driver{
		Kind: model.LUKS, Package: "cryptsetup-bin",
		create: cannot("shunt asks for no passphrases: make a partition and run `cryptsetup luksFormat`"),
		grow:   alone(),
		shrink: cannot("how much of it is used can only be seen while it is open"),
		check:  cannot("what is encrypted in it can only be checked while it is open"),
		label:  can("cryptsetup").called("cryptsetup config"), uuid: can("cryptsetup").called("cryptsetup luksUUID"),
		online:   cannot("close it first, or use `cryptsetup resize`"),
		facts:    ops.Capability{Labels: ops.LabelRule{Most: 47}, Narrow: narrowLUKS},
		resize:   func(job, context.Context, geometry.Bytes) (least geometry.Bytes, err error) { return 0, nil },
		setLabel: command("cryptsetup", "--batch-mode", "--label", "{=}", "config", "{}"),
		setUUID:  command("cryptsetup", "--batch-mode", "--uuid", "{=}", "luksUUID", "{}"),
		Ask:      ask("cryptsetup-bin", "cryptsetup", "luksDump", "{}"),
		NoFiles:  encrypted,
	}
}

// encrypted is the reason why the files in encrypted contents cannot be seen.
const encrypted = "it is encrypted: open it with `cryptsetup open`, and the files are in what that shows"

// narrowLUKS takes away the label of LUKS1.
func narrowLUKS(can ops.Capability, fs model.Filesystem) ops.Capability {
	if fs.Trait == model.OldForm {
		can.Label = "only LUKS2 has labels and this is LUKS1"
	}
	return can
}
