package registry

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"shunt/ops/target"
)

// Creatable returns the formats in which images can be made, sorted.
func Creatable() (names []string) {
	for _, f := range append(slices.Clone(formats), plain()) {
		if f.driver != nil && f.driver().Create != nil {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return names
}

// Create writes a new image of a format into an empty file. After an error the file holds anything.
func Create(ctx context.Context, format string, f *os.File, n target.New) error {
	for _, known := range append(slices.Clone(formats), plain()) {
		if known.name == format && known.driver != nil && known.driver().Create != nil {
			return known.driver().Create(ctx, f, n)
		}
	}
	return fmt.Errorf("images of the format %s cannot be made: use %s", format, strings.Join(Creatable(), " or "))
}
