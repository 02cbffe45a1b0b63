package fsys

import "shunt/model"

func bcachefsDriver() Driver {
	d := mountable(model.Bcachefs, "shunt does not change bcachefs: use `bcachefs`", mountedAs("bcachefs", "nochanges"))
	d.Ask = ask("bcachefs-tools", "bcachefs", "show-super", "{}")
	return d
}
