package txn

import "math/rand"

// Fate is what becomes of one change in a crash.
type Fate int

// The fates of a change.
const (
	Lost Fate = iota
	Kept
	Torn // the first half of the sector is new, the rest old; a change of a length or an entry is kept whole
)

// Policy decides what becomes of change i of n.
type Policy func(i, n int) Fate

// Named is a policy and what it is called in counts.
type Named struct {
	Name string
	Policy
}

// Policies are crashes in which none and all of the changes are kept that are not durable, and for each picked change those
// before it, it alone, all but it, and it torn, without and with those behind it; then random subsets.
func Policies(pick []int, rng *rand.Rand, random int) []Named {
	list := []Named{{"none", split(0, Lost, Lost, Lost)}, {"all", All()}}
	for _, k := range pick {
		list = append(list,
			Named{"prefix", split(k, Kept, Lost, Lost)}, Named{"only one", split(k, Lost, Kept, Lost)},
			Named{"all but one", split(k, Kept, Lost, Kept)},
			Named{"torn last", split(k, Kept, Torn, Lost)}, Named{"torn amid", split(k, Kept, Torn, Kept)})
	}
	for range random {
		list = append(list, Named{"random", Random(rng)})
	}
	return list
}

// split gives the changes before k, change k and those behind it a fate each.
func split(k int, before, at, behind Fate) Policy {
	return func(i, _ int) Fate {
		switch {
		case i < k:
			return before
		case i == k:
			return at
		}
		return behind
	}
}

// Names are the names of all policies, in the order of Policies.
func Names() []string {
	return []string{"none", "all", "prefix", "only one", "all but one", "torn last", "torn amid", "random"}
}

// All keeps everything.
func All() Policy { return func(int, int) Fate { return Kept } }

// Random keeps each change with probability one half.
func Random(rng *rand.Rand) Policy {
	return func(int, int) Fate { return []Fate{Kept, Lost}[rng.Intn(2)] }
}
