package txn

import "shunt/ops/target"

// Device is what a transaction needs of the target it changes.
type Device = target.Device

// dataRanges are the bytes of the device that may be other than zero.
func dataRanges(dev Device) (ranges, error) {
	var runs []byteRange
	for off := int64(0); off < dev.Size(); {
		start, end, err := dev.Data(off)
		if err != nil {
			return nil, err
		}
		if start >= end {
			break
		}
		runs = append(runs, byteRange{start, end})
		off = end
	}
	return newRanges(runs), nil
}
