package dialog

// TypedPath is what stands in the picker's field.
func TypedPath(d Dialog) string {
	b, ok := d.(form[browse, *browse])
	if !ok {
		return "no picker"
	}
	return b.is.field.Value()
}
