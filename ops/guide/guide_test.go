package guide

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/plan"
)

var update = flag.Bool("update", false, "write what the guide answers into testdata/scenarios")

// TestScenarios asks what testdata/scenarios asks and compares the answers. A scenario is a disk (see disk), the word
// fixed for a device, and wishes, each followed by its answer.
func TestScenarios(t *testing.T) {
	const name = "testdata/scenarios"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var answered []string
	var d model.Disk
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		word, rest, _ := strings.Cut(line, " ") // an answer is indented
		switch word {
		case "disk":
			d = disk(t, rest)
		case "fixed":
			d.Fixed = true
		case "wish":
			answered = append(answered, line, answer(t, d, rest))
			continue
		case "#":
		case "":
			if line != "" {
				continue
			}
		}
		answered = append(answered, line)
	}
	got := strings.Join(answered, "\n") + "\n"
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(data) {
		t.Errorf("the answers differ from %s:\n%s", name, got)
	}
}

func answer(t *testing.T, d model.Disk, text string) string {
	t.Helper()
	w := Wish{Shrink: text == "image"}
	if !w.Shrink {
		var size string
		if _, err := fmt.Sscan(text, &w.Part, &size); err != nil {
			t.Fatal(err)
		}
		if w.Most = size == "max"; !w.Most {
			if _, err := fmt.Sscan(size, &w.Size); err != nil {
				t.Fatal(err)
			}
			w.Size *= mib
		}
	}
	q := ops.NewQueue(d, env())
	plans, no := Plans(q, w, geometry.AlignMiB)
	for _, p := range plans {
		replays(t, q, w, p)
	}
	if len(plans)+len(no) == 0 {
		t.Errorf("%s: no answer", text)
	}
	return told(d, plans, no)
}

// replays makes sure that a plan can be staged anew, reaches the wish, and is clean.
func replays(t *testing.T, q ops.Queue, w Wish, p Plan) {
	t.Helper()
	next := q
	for _, op := range p.Ops {
		var err error
		if next, err = next.Stage(op); err != nil {
			t.Fatalf("%s: %v", p.Title(), err)
		}
	}
	text := plan.Format(p.Queue)
	again, err := plan.Parse(strings.NewReader(text), ops.NewQueue(q.Initial(), q.Env()), geometry.AlignNone)
	if err != nil || again.Len() != p.Queue.Len() {
		t.Fatalf("%s is read back as %v", text, err)
	}
	for _, queue := range []ops.Queue{next, p.Queue, again} {
		d := queue.Preview()
		if problems := model.Check(d); len(problems) > 0 {
			t.Fatalf("%s: %v", p.Title(), problems)
		}
		got := d.Sectors
		if w.Part != 0 {
			is, _ := d.Partition(w.Part)
			got = is.Span.Len()
		}
		if got != p.Len || !w.Most && got < w.Size {
			t.Fatalf("%s: %d sectors, %d told, %d wished for", p.Title(), got, p.Len, w.Size)
		}
	}
}

// A search that nobody waits for brings nothing, and one that is waited for the same as Plans.
func TestGivenUp(t *testing.T) {
	for name, w := range map[string]Wish{
		"a size": {Part: 64, Size: 50 * mib}, "most": {Part: 64, Most: true}, "image": {Shrink: true},
	} {
		q := ops.NewQueue(gapped(128), env())
		ctx, giveUp := context.WithCancel(t.Context())
		plans, no, err := Find(ctx, q, w, geometry.AlignMiB)
		want, _ := Plans(q, w, geometry.AlignMiB)
		if err != nil || told(q.Preview(), plans, no) != told(q.Preview(), want, no) || len(plans) == 0 {
			t.Errorf("%s: %d plans, error %v", name, len(plans), err)
		}
		giveUp()
		if plans, no, err := Find(ctx, q, w, geometry.AlignMiB); !errors.Is(err, context.Canceled) || plans != nil || no != nil {
			t.Errorf("%s: given up, it brings %d plans and error %v", name, len(plans), err)
		}
	}
}
