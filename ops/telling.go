package ops

import (
	"regexp"
	"strings"
)

// Errors are wrapped for programmers: each layer puts before the cause what it was doing, and the system names its own
// call and the file once more. A person needs what was being done, to what, and the cause.

// tried are the verbs that errors begin with when they tell what was tried and failed.
var tried = map[string]bool{
	"ask": true, "clean": true, "close": true, "copy": true, "create": true, "detach": true, "find": true, "limit": true,
	"list": true, "lock": true, "look": true, "make": true, "mount": true, "open": true, "punch": true, "read": true,
	"remove": true, "run": true, "save": true, "set": true, "start": true, "stat": true, "sync": true, "take": true,
	"talk": true, "truncate": true, "unlock": true, "unmount": true, "work": true, "write": true,
}

// call is a system call with its file amid an error: ": open plan.txt: ".
var call = regexp.MustCompile(`: (?:close|fallocate|fstat|fsync|ftruncate|link|lseek|lstat|mkdir|mkdirat|open|openat|pread|pwrite|read|readlink|rename|rmdir|seek|stat|sync|truncate|unlink|unlinkat|write) (/?[^ :]+): `)

// Telling is an error as a person reads it, in one line: "cannot read the plan: plan.txt: no such file or directory".
// A refusal, or whatever says by itself what is wrong, stays as it is.
func Telling(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
	if at := call.FindStringSubmatchIndex(text); at != nil {
		before, file, cause := text[:at[0]], text[at[2]:at[3]], text[at[1]:]
		if !strings.Contains(before, file) {
			before += ": " + file
		}
		text = before + ": " + cause
	}
	if first, _, _ := strings.Cut(text, " "); tried[first] {
		return "cannot " + text
	}
	return text
}
