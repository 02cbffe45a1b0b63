package geometry_test

import (
	"testing"

	"shunt/geometry"
)

// TestVHDSize compares the sizes with those of `qemu-img create -f vpc`, as `qemu-img info` prints them.
func TestVHDSize(t *testing.T) {
	for n, want := range map[geometry.Bytes]geometry.Bytes{
		1:             34816,
		512:           34816,
		34816:         34816,
		34817:         69632,
		1048576:       1079296,
		3000000:       3028992,
		35651584:      35686400,
		35651585:      35686400,
		104857600:     104865792,
		268435456:     268886016,
		533610496:     533643264,
		533610497:     533643264,
		1073741824:    1073995776,
		1012924416:    1013096448,
		3160407040:    3160571904,
		8455200768:    8455200768,
		8455200769:    8455716864,
		10737418240:   10737893376,
		33822867456:   33824440320,
		33822867457:   33824440320,
		34359738368:   34361303040,
		136901099520:  136901099520,
		136901099521:  136901100032,
		136899993600:  136899993600,
		136899994112:  136899994112,
		136902082560:  136902082560,
		136902082561:  136902083072,
		137438953472:  137438953472,
		1099511627776: 1099511627776,
	} {
		if got := geometry.VHDSize(n); got != want {
			t.Errorf("%d bytes become %d, and %d with QEMU", n, got, want)
		}
		if got := geometry.VHDSize(want); got != want {
			t.Errorf("%d bytes is a size of a VHD and becomes %d", want, got)
		}
	}
}
