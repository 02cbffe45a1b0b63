package dialog

import "shunt/model"

// Mount mounts a partition of the target in view, or with ID 0 the file system that covers it.
type Mount struct {
	ID     model.PartID
	Access model.Access
}

// Unmount unmounts it.
type Unmount struct{ ID model.PartID }

// Attach goes on with a loop device on the image in view.
type Attach struct{}

// Detach goes on with the image of the loop device in view.
type Detach struct{}

func (Mount) action()   {}
func (Unmount) action() {}
func (Attach) action()  {}
func (Detach) action()  {}
