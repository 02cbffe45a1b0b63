package worker

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestLimits has a reader take more memory, or more stack, than it may: it must be ended, and only it.
func TestLimits(t *testing.T) {
	const key = "SHUNT_TEST_GREED"
	switch os.Getenv(key) {
	case "memory":
		if err := limit(true); err != nil {
			fmt.Println(err) // the test that started this one wants it to be ended
			return
		}
		var kept [][]byte
		for range 64 {
			b := make([]byte, 64<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			kept = append(kept, b)
		}
		t.Log(len(kept))
		return
	case "stack":
		if err := limit(true); err != nil {
			fmt.Println(err)
			return
		}
		t.Log(deep(1))
		return
	}
	for _, greed := range []string{"memory", "stack"} {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestLimits$")
		cmd.Env = append(os.Environ(), key+"="+greed)
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Errorf("%s: nothing ended it\n%s", greed, out)
		}
	}
}

// deep comes back from so far down that no stack is enough.
func deep(n int) int {
	if n == 1<<40 {
		return n
	}
	return deep(n+1) + n
}
