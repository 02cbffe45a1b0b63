package ops

import "shunt/geometry"

// Rounded are the words for a largest and for a smallest possible amount.
func Rounded(n geometry.Sector, z geometry.SectorSize) (most, least string) {
	return rounded(n, z, 0), rounded(n, z, 1)
}
