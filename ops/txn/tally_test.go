package txn

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// path is what was under way when the power was cut, and what was done then.
type path string

// The paths, in the order of the report.
const (
	pathFinish        path = "commit cut, finished"
	pathRollBack      path = "commit cut, rolled back"
	pathReturned      path = "power cut after the commit returned"
	pathFinishAgain   path = "finishing cut, ended either way"
	pathRollBackAgain path = "roll back cut, ended either way"
	pathUndo          path = "undo cut, ended"
	pathReplace       path = "commit over a kept one cut, ended either way"

	pathSwitch         path = "qcow2: commit cut, settled"
	pathSwitchReturned path = "qcow2: power cut after the commit returned"
	pathSettleAgain    path = "qcow2: cut while it was settled or ended"
	pathSwitchUndo     path = "qcow2: undo cut, ended"
	pathSwitchReplace  path = "qcow2: commit over a kept one cut, settled"
)

// tally counts the crash states that were tried.
type tally struct {
	byPath map[path]map[string]int // by policy
	byPlan map[string]int
	total  int
}

func newTally() *tally { return &tally{byPath: map[path]map[string]int{}, byPlan: map[string]int{}} }

func (c *tally) add(p path, policy, plan string) {
	if c.byPath[p] == nil {
		c.byPath[p] = map[string]int{}
	}
	c.byPath[p][policy]++
	c.byPlan[family(plan)]++
	c.total++
}

// family is a scenario's name without its numbers.
func family(name string) string {
	name, _, _ = strings.Cut(name, " by ")
	return strings.TrimRight(name, " 0123456789")
}

// log prints the counts: a line for each path with its policies, then the plans.
func (c *tally) log(tb testing.TB) {
	tb.Helper()
	var out strings.Builder
	fmt.Fprintf(&out, "%d crash states, none damaged\n%-46s", c.total, "path")
	for _, policy := range Names() {
		fmt.Fprintf(&out, "%12s", policy)
	}
	fmt.Fprintf(&out, "%10s\n", "all")
	for _, p := range []path{
		pathFinish, pathRollBack, pathReturned, pathFinishAgain, pathRollBackAgain, pathUndo, pathReplace,
		pathSwitch, pathSwitchReturned, pathSettleAgain, pathSwitchUndo, pathSwitchReplace,
	} {
		if c.byPath[p] == nil {
			continue
		}
		all := 0
		fmt.Fprintf(&out, "%-46s", p)
		for _, policy := range Names() {
			n := c.byPath[p][policy]
			all += n
			fmt.Fprintf(&out, "%12d", n)
		}
		fmt.Fprintf(&out, "%10d\n", all)
	}
	var plans []string
	for plan := range c.byPlan {
		plans = append(plans, plan)
	}
	slices.Sort(plans)
	for _, plan := range plans {
		fmt.Fprintf(&out, "  %-44s%10d\n", plan, c.byPlan[plan])
	}
	tb.Log(out.String())
}

// thorough is the number of states from which on a run takes every change in turn at the points that it tries.
const thorough = 500000

// portion is which part of the cut points a run tries, where all of them are as many states as given.
func portion(all int) float64 {
	part := min(1, float64(*statesFlag)/float64(all))
	if *statesFlag >= thorough {
		part /= 6 // each of them is six times as many states
	}
	return part
}

// policies are the crashes tried at one point with n changes that are not durable: a thorough run takes every one of up
// to 24 changes in turn, others a few of them.
func policies(n int, rng *rand.Rand) []Named {
	most, random := 4, 2
	if *statesFlag >= thorough {
		most, random = 24, 6
	}
	return Policies(rng.Perm(n)[:min(n, most)], rng, random)
}
