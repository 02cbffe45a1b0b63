package dialog

import (
	"shunt/ops/report"
)

// look asks for glimpses of what is near the cursor and was not looked into yet, the nearest first.
func (b Browse) look() (Browse, Action) {
	// More lines than any window has, and few enough that the first are answered at once.
	const near, most = 60, 24
	if b.looking {
		return b, nil
	}
	var paths []string
	want := func(i int) {
		if i < 0 || i >= len(b.rows) || len(paths) == most {
			return
		}
		if r := b.rows[i]; r.entry && r.Kind != report.CandidateDir {
			if _, done := b.seen[r.Path]; !done {
				paths = append(paths, r.Path)
			}
		}
	}
	want(b.at)
	for d := 1; d < near; d++ {
		want(b.at + d)
		want(b.at - d)
	}
	if len(paths) == 0 {
		return b, nil
	}
	b.looking = true
	return b, Glance{Paths: paths}
}
