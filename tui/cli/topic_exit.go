package cli

import "strconv"

// exitMeanings holds the explanations of the exit codes, indexed by code.
var exitMeanings = []string{
	exitDone:        "done",
	exitRefused:     "refused or failed; the command has not changed the target",
	exitUsage:       "wrong usage",
	exitUnfinished:  "the target has an unfinished transaction: `shunt recover`",
	exitInterrupted: "a commit was interrupted: `shunt recover`",
}

// exitTopic returns the page on exit codes.
func exitTopic() topic {
	var list []item
	for code, meaning := range exitMeanings {
		list = append(list, item{terms: []string{strconv.Itoa(code)}, text: meaning})
	}
	return topic{
		name: "exit-codes", short: "The meaning of the exit codes", section: "exit status",
		parts: []passage{
			{text: "Every command of shunt ends with one of these codes. Whatever the code, an interrupted commit can always be " +
				"finished or rolled back."},
			{heading: "exit codes", list: list},
			{text: "A script that applies plans needs to tell three cases apart: 0, all is as planned; 1 or 2, the command has " +
				"changed nothing; 3 or 4, run `shunt recover TARGET` to go on to the planned state, or `shunt recover TARGET --rollback` " +
				"to go back. A successful `shunt recover --rollback` and a successful rehearsal with `--rehearse` also end with 0."},
			{text: "If another process is committing to the target, a command that would change it follows that commit to its end, " +
				"does nothing else and ends with 1; then it can be run again. `shunt recover` ends with 0 there, because it was asked for " +
				"that end. If `shunt undo --to` stops on the way, it ends with 1 and says how many were undone."},
			{heading: "example", code: []string{
				"shunt apply --yes vm.raw plan",
				"case $? in",
				"0) echo applied ;;",
				"3|4) shunt recover --rollback vm.raw ;;",
				"*) echo nothing was done ;;",
				"esac",
			}},
		},
	}
}
