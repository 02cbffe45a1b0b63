package plan_test

import (
	"errors"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model/dump"
	"shunt/ops"
	"shunt/ops/plan"
)

// A line that names a file is written with the text of the file, and means the same without it.
func TestRestoreFromFile(t *testing.T) {
	t.Parallel()
	d := chained()
	less := d.Without(7)
	e := env()
	e.Dump = func(path string) (dump.Table, error) {
		if path != "/a file" {
			return dump.Table{}, errors.New("there is no such file")
		}
		return dump.Of(d), nil
	}
	q, err := plan.Parse(strings.NewReader(`table restore from="/a file"`), ops.NewQueue(less, e), geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	text := plan.Format(q)
	e.Dump = nil
	again, err := plan.Parse(strings.NewReader(text), ops.NewQueue(less, e), geometry.AlignMiB)
	if err != nil || plan.Format(again) != text || !again.Preview().Equal(q.Preview()) {
		t.Fatalf("%v\n%s", err, text)
	}
	if kept := plan.Kept(text); kept != text {
		t.Errorf("kept as %s", kept)
	}
	for line, want := range map[string]string{
		"table restore":                   "plan line 1, column 14: the saved table is missing: use from=PATH, or its text in quotes",
		"table restore from=/b":           "plan line 1, column 15: there is no such file",
		`table restore "label: sun"`:      `plan line 1, column 15: table dump line 1: a table of the kind "sun" is not edited: only dos and gpt are`,
		"table restore /a":                `plan line 1, column 15: "/a" is not the saved table: use from=PATH, or its text in quotes`,
		`table restore "label: dos" more`: `plan line 1, column 28: "more" is not expected here: use nothing more, or start a comment with #`,
	} {
		q := ops.NewQueue(less, e)
		if strings.Contains(line, "/b") {
			e.Dump = func(string) (dump.Table, error) { return dump.Table{}, errors.New("there is no such file") }
			q = ops.NewQueue(less, e)
		}
		if _, err := plan.Parse(strings.NewReader(line), q, geometry.AlignMiB); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", line, err, want)
		}
	}
}
