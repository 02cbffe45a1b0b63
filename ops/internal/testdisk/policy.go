package testdisk

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
// before it, it alone, all but it, and it torn; then random subsets.
func Policies(pick []int, rng *rand.Rand, random int) []Named {
	list := []Named{{"none", None()}, {"all", All()}}
	for _, k := range pick {
		list = append(list, Named{"prefix", Prefix(k)}, Named{"only one", Only(k)}, Named{"all but one", AllBut(k)},
			Named{"torn last", Tear(k)}, Named{"torn amid", TearLast(k)})
	}
	for range random {
		list = append(list, Named{"random", Random(rng)})
	}
	return list
}

// Names are the names of all policies, in the order of Policies.
func Names() []string {
	return []string{"none", "all", "prefix", "only one", "all but one", "torn last", "torn amid", "random"}
}

// None loses everything that was not synced.
func None() Policy { return func(int, int) Fate { return Lost } }

// All keeps everything.
func All() Policy { return func(int, int) Fate { return Kept } }

// Prefix keeps the first k changes.
func Prefix(k int) Policy { return func(i, _ int) Fate { return keptIf(i < k) } }

// Only keeps nothing but change k.
func Only(k int) Policy { return func(i, _ int) Fate { return keptIf(i == k) } }

// AllBut loses nothing but change k.
func AllBut(k int) Policy { return func(i, _ int) Fate { return keptIf(i != k) } }

// Tear keeps the changes before k, tears k and loses the rest: power that went while a sector was written.
func Tear(k int) Policy {
	return func(i, _ int) Fate {
		if i == k {
			return Torn
		}
		return keptIf(i < k)
	}
}

// TearLast keeps everything but the last half of change k.
func TearLast(k int) Policy {
	return func(i, _ int) Fate {
		if i == k {
			return Torn
		}
		return Kept
	}
}

// Random keeps each change with probability one half.
func Random(rng *rand.Rand) Policy { return func(int, int) Fate { return keptIf(rng.Intn(2) == 0) } }

func keptIf(keep bool) Fate {
	if keep {
		return Kept
	}
	return Lost
}
