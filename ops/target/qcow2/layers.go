package qcow2

import (
	"context"

	"shunt/ops/target"
)

var _ target.Checkable = (*file)(nil)

// Check walks the image and those of its backing files that are qcow2 images.
func (f *file) Check(ctx context.Context) (list []target.LayerCheck, err error) {
	im, _ := f.now()
	path := f.Given
	for i := 0; ; i++ {
		check, err := im.Walk(ctx)
		if ctx.Err() != nil {
			return list, ctx.Err()
		}
		layer := target.LayerCheck{Path: path, Format: f.Format()}
		if err != nil {
			layer.Faults, check = append(layer.Faults, err.Error()), nil
		}
		layer.Faults = append(layer.Faults, im.faults(check)...)
		list = append(list, layer)
		below, ok := im.backing.(*Image)
		if !ok {
			return list, nil
		}
		im, path = below, f.layers[i].Given
	}
}
