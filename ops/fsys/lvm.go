package fsys

var lvmFeature = feature{
	pkg: "lvm2", create: cannot("creating LVM physical volumes" + notYet), grow: cannot("resizing LVM physical volumes" + notYet),
	shrink: cannot("resizing LVM physical volumes" + notYet), check: cannot("checking LVM physical volumes" + notYet),
	label:  cannot("an LVM physical volume has no label"),
	uuid:   cannot("its volume group knows it by its UUID: use `pvchange --uuid` or, for a copy, `vgimportclone`"),
	online: cannot("use `pvresize` while it is in use"),
}
