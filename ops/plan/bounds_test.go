package plan_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/plan"
)

// endless repeats a text for ever.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[e.at%len(e.text)]
		e.at++
	}
	return len(p), nil
}

// TestPlanIsBounded reads plans that do not end, in lines or in one line. Each is refused by name of the bound, and what
// was read until then takes little memory, also where the disk has as many partitions as a GPT usually holds.
func TestPlanIsBounded(t *testing.T) {
	var parts []model.Partition
	for i := range geometry.Sector(128) {
		parts = append(parts, full(int(i)+1, mib+4096*i, mib+4096*i+2048, 1))
	}
	queue := ops.NewQueue(gpt(1000*mib, parts...), env())
	for _, c := range []struct{ name, text, want string }{
		{"operations", "check 1\n", "more than 1000 operations"},
		{"moves", "move 1 right 1s\nmove 1 left 1s\n", "more than 1000 operations"},
		{"comments", "# " + strings.Repeat("x", 1000) + "\n", "longer than 1048576 bytes"},
		{"empty lines", "\n", "longer than 1048576 bytes"},
		{"one line", "#", "line is longer than 524288 bytes"},
		{"words", "x ", "line is longer than 524288 bytes"},
		{"a line of words", "check " + strings.Repeat("x ", 30000) + "\n", "plan line 1"},
		{"NULs", "\x00", "line is longer than 524288 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := plan.Parse(&endless{text: c.text}, ops.NewQueue(gpt(1000*mib, parts[0]), env()), geometry.AlignMiB)
			runtime.ReadMemStats(&after)
			var at *plan.Error
			if !errors.As(err, &at) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 1000 {
				t.Errorf("%.1000v", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
				t.Errorf("%d MiB allocated", n>>20)
			}
		})
	}
	for _, name := range []string{"one short of too long", "too long"} {
		text := strings.Repeat(strings.Repeat("#", 1023)+"\n", 1024)
		if name == "too long" {
			text += "#"
		}
		if _, err := plan.Parse(strings.NewReader(text), queue, geometry.AlignMiB); (err == nil) != (name != "too long") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What is kept of the longest plan there can be; what each operation takes for a moment is a fraction of it.
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	longest, err := plan.Parse(io.LimitReader(&endless{text: "move 1 right 1s\nmove 1 left 1s\n"}, 500*31), queue, geometry.AlignMiB)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || longest.Len() != 1000 {
		t.Fatal(longest.Len(), err)
	}
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d KiB kept, %d MiB allocated in passing", kept>>10, (after.TotalAlloc-before.TotalAlloc)>>20)
	if kept > 64<<20 {
		t.Errorf("%d MiB kept", kept>>20)
	}
	runtime.KeepAlive(longest)
}

// TestQueuesDoNotShare stages different operations on one parsed queue: neither may see the other's.
func TestQueuesDoNotShare(t *testing.T) {
	q, err := plan.Parse(strings.NewReader("check 1\ncheck 2\ncheck 1\n"), ops.NewQueue(founding(), env()), geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	var texts [2]string
	var queues [2]ops.Queue
	for i, line := range []string{"delete 1", "label 2 \"x\""} {
		queues[i], err = plan.Parse(strings.NewReader(line), q, geometry.AlignMiB)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = plan.Format(queues[i])
	}
	for i, want := range texts {
		if got := plan.Format(queues[i]); got != want || !strings.HasPrefix(got, plan.Format(q)) {
			t.Errorf("%q became %q", want, got)
		}
	}
	if plan.Format(q) != "check 1\ncheck 2\ncheck 1\n" {
		t.Error(plan.Format(q))
	}
}
