package dialog

// TypedPath is what stands in the picker's field.
func TypedPath(d Dialog) string {
	b, ok := d.(Browse)
	if !ok {
		return "no picker"
	}
	return b.field.Value()
}
