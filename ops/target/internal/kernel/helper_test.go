package kernel

import "shunt/ops/target/internal/targettest"

var (
	require = targettest.Require
	image   = targettest.Image
)
