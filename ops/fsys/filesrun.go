package fsys

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shunt/model/safetext"
	"shunt/ops"
	runner "shunt/ops/tool"
)

// toolTime is how long one tool may run.
const toolTime = 20 * time.Second

// errEnough stops a tool after it has printed all that is listed.
var errEnough = errors.New("enough")

// runLines runs a tool and calls each with every line of output. It stops the tool when each returns false and then returns
// true for more. last holds the last lines, for messages.
func runLines(ctx context.Context, pkg string, env []string, argv []string, each func(line string) bool) (exit int, last string, more bool, err error) {
	ctx, stop := context.WithTimeout(ctx, toolTime)
	defer stop()
	ctx, enough := context.WithCancelCause(ctx)
	defer enough(nil)
	done := false
	result, err := runner.Run(ctx, runner.Cmd{Argv: argv, Env: append([]string{"TZ=UTC"}, env...), OnOutput: func(line string) {
		if !done && !each(line) {
			done = true
			enough(errEnough)
		}
	}})
	last = result.Output
	if len(last) > 500 {
		last = last[len(last)-500:]
	}
	last = safetext.Printable(strings.ReplaceAll(strings.TrimSpace(last), "\n", "; "))
	var missing *runner.MissingError
	switch {
	case done:
		return 0, last, true, nil
	case errors.As(err, &missing):
		err = ops.NotInstalled(missing.Name, pkg).Err()
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%s was stopped after %s: the file system may be damaged", argv[0], toolTime)
	}
	return result.Exit, last, false, err
}
