package raw

import (
	"shunt/model/tried"
)

// statBlock is the unit in which the kernel counts the room of a file.
const statBlock = 512

// Idle implements target.Trimmer. Tables of the host's file system count as room of the file too.
func (r *file) Idle() (int64, error) {
	st, err := r.Stat()
	if err != nil {
		return 0, tried.Errorf("ask for the room of %s: %w", r.Given, err)
	}
	idle := st.Blocks * statBlock
	for off := int64(0); off < r.Size(); {
		start, end, err := r.Data(off)
		if err != nil {
			return 0, err
		}
		idle -= end - start
		off = end
	}
	return max(0, idle), nil
}

// Trim implements target.Trimmer. It punches each hole, since what was allocated and never written counts as a hole.
func (r *file) Trim() error {
	for off := int64(0); off < r.Size() && !r.CannotPunch.Load(); {
		start, end, err := r.Data(off)
		if err == nil {
			err = r.Punch(off, start-off)
		}
		if err != nil {
			return err
		}
		off = end
	}
	return nil
}
