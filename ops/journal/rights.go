package journal

import (
	"runtime"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// A User is a user of the host, with whose rights files can be used.
type User struct{ UID, GID uint32 }

// do calls a function with the user's rights on files and none of root's. With a nil user it just calls the function, else
// only root may use it. If the rights cannot be changed, the function is not called.
func (u *User) do(do func() error) error {
	if u == nil {
		return do()
	}
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		was, err := ownIdentity()
		if err == nil {
			err = u.become(nil)
		}
		if err != nil {
			err = tried.Errorf("take the rights of user %d: %w; choose another directory with --journal", u.UID, err)
		} else {
			err = do()
		}
		if back := was.user.become(was.groups); back == nil {
			runtime.UnlockOSThread()
		} // else the thread keeps the wrong rights, and ends with this goroutine
		result <- err
	}()
	return <-result
}

// identity is the user and the groups with which a thread uses files.
type identity struct {
	user   User
	groups []int
}

func ownIdentity() (identity, error) {
	groups, err := unix.Getgroups()
	if err != nil {
		return identity{}, err
	}
	uid, err := unix.SetfsuidRetUid(-1) // changes nothing, since there is no such user
	if err != nil {
		return identity{}, err
	}
	gid, err := unix.SetfsgidRetGid(-1)
	return identity{User{uint32(uid), uint32(gid)}, groups}, err
}

// become sets this thread's groups and takes the user's identity for files. The kernel then removes root's capabilities on
// files from the thread, and returns them together with root's identity. The calls are bare system calls, which affect
// this thread only.
func (u *User) become(groups []int) error {
	if err := unix.Setgroups(groups); err != nil {
		return err
	}
	for _, set := range []struct {
		id   uint32
		call func(int) (int, error)
	}{{u.GID, unix.SetfsgidRetGid}, {u.UID, unix.SetfsuidRetUid}} {
		if _, err := set.call(int(set.id)); err != nil {
			return err
		}
		// The call does not report a failure. A second one returns the identity that is in force.
		if is, err := set.call(-1); err != nil || uint32(is) != set.id {
			return unix.EPERM
		}
	}
	return nil
}
