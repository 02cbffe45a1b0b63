package registry

import (
	"errors"

	"shunt/ops/target/qcow2"
)

// Damaged returns the format of an image that Open or a read refused because it breaks the rules of its format. ok is false
// for all other errors.
func Damaged(err error) (format string, ok bool) {
	_, ok = errors.AsType[*qcow2.Corrupt](err)
	return "qcow2", ok
}
