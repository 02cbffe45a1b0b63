package journal

import (
	"runtime"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
)

// User is somebody with whose rights files are used.
type User struct{ UID, GID uint32 }

// do runs a function with the user's rights on files and none of root's. It is for root only. A nil user changes nothing. If
// the rights cannot be taken the function is not called.
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
		} // else the thread ends with this goroutine, and what it may do with it
		result <- err
	}()
	return <-result
}

// identity is who a thread is where files are concerned.
type identity struct {
	user   User
	groups []int
}

func ownIdentity() (identity, error) {
	groups, err := unix.Getgroups()
	if err != nil {
		return identity{}, err
	}
	uid, err := unix.SetfsuidRetUid(-1) // asks, since there is no such user
	if err != nil {
		return identity{}, err
	}
	gid, err := unix.SetfsgidRetGid(-1)
	return identity{User{uint32(uid), uint32(gid)}, groups}, err
}

// become sets this thread's groups and takes the user's identity where files are concerned; the kernel takes root's
// capabilities on files away with it, and gives them back with root's. The calls are bare system calls, which are for this
// thread alone.
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
		// A call that fails says so only by what a second one finds.
		if is, err := set.call(-1); err != nil || uint32(is) != set.id {
			return unix.EPERM
		}
	}
	return nil
}
