package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/guide"
	"shunt/ops/plan"
)

// planDisks are the disks that the examples of the help are for.
func planDisks() map[string]model.Disk {
	const mib = geometry.Sector(2048)
	part := func(n int, from, to geometry.Sector, kind model.FSKind, used geometry.Bytes) model.Partition {
		size := geometry.Sector512.Bytes(to - from)
		return model.Partition{
			ID: model.PartID(n), Number: n, Span: geometry.Span{Start: from, End: to},
			FS: model.Filesystem{Kind: kind, Size: size &^ 4095, Used: used, Min: used, BlockSize: 4096, UUID: "u"},
		}
	}
	disk := func(kind model.TableKind, sectors geometry.Sector, parts ...model.Partition) model.Disk {
		usable := geometry.Span{Start: 1, End: sectors}
		slots := 4
		if kind == model.TableGPT {
			usable, slots = geometry.Span{Start: 34, End: sectors - 33}, 128
		}
		for i := range parts {
			parts[i].Type = model.DefaultType(kind, model.Primary, parts[i].FS.Kind)
		}
		return model.New(model.Disk{
			SectorSize: geometry.Sector512, Sectors: sectors, Table: model.Table{Kind: kind, Usable: usable, Slots: slots},
		}, parts, nil)
	}
	const gib = 1024 * mib
	return map[string]model.Disk{
		"stick": disk(model.TableMBR, 966*mib, part(1, 63, 988033, model.Ext4, 26*geometry.MiB), part(2, 988033, 1978368, model.Ext4, 26*geometry.MiB)),
		"server": disk(model.TableGPT, 20*gib, part(1, mib, 513*mib, model.FAT32, 30*geometry.MiB), part(2, 513*mib, 513*mib+9*gib, model.Ext4, 2*geometry.GiB),
			part(3, 513*mib+9*gib, 513*mib+10*gib, model.Swap, 0), part(4, 15*gib, 19*gib, model.XFS, geometry.GiB)),
	}
}

func planEnv() ops.Env {
	caps := fsys.DiscoverWith(fsys.Machine{
		Look:        func(name string) (string, error) { return name, nil },
		CannotMount: func(string) model.Reason { return "" },
	})
	sources := func(path string, _ int) (ops.Source, error) {
		p, _ := planDisks()["stick"].ByNumber(1)
		return ops.Source{Path: path, Part: p, SectorSize: geometry.Sector512}, nil
	}
	return ops.Env{Caps: caps, Room: guide.Room, Sources: sources}
}

// Every example of the help can be staged.
func TestPlanExamples(t *testing.T) {
	for _, g := range slices.Concat(planGroups, planStories) {
		q := ops.NewQueue(planDisks()[g.on], planEnv())
		after, err := plan.Parse(strings.NewReader(strings.Join(g.example, "\n")), q, geometry.AlignMiB)
		if err != nil {
			t.Errorf("%s: %v\n%s", g.title, err, strings.Join(g.example, "\n"))
			continue
		}
		if after.Len() == 0 {
			t.Errorf("%s: the example does nothing", g.title)
		}
		for _, p := range model.Check(after.Preview()) {
			t.Errorf("%s: %s", g.title, p.Text)
		}
	}
}

// Whatever the parser understands is told, and nothing else: it is asked what it would take after each of the words
// that begin a line.
func TestPlanFormsComplete(t *testing.T) {
	forms := map[string][]string{} // by their first word
	for _, g := range planGroups {
		for _, r := range g.rows {
			for _, term := range r.terms {
				verb, _, _ := strings.Cut(term, " ")
				forms[verb] = append(forms[verb], term+" "+r.text)
			}
		}
	}
	allowed := func(line string) []string {
		_, err := plan.Parse(strings.NewReader(line), ops.NewQueue(planDisks()["server"], planEnv()), geometry.AlignMiB)
		plan := new(plan.Error)
		if !errors.As(err, &plan) {
			return nil
		}
		_, list, _ := strings.Cut(plan.Msg, ": use ")
		return regexp.MustCompile(`[a-z]+=?`).FindAllString(strings.ReplaceAll(list, " or ", ", "), -1)
	}
	verbs := allowed("?")
	if len(verbs) < 16 {
		t.Fatalf("the parser tells %v", verbs)
	}
	for _, verb := range verbs {
		if len(forms[verb]) == 0 {
			t.Errorf("%s is not told", verb)
		}
	}
	for verb := range forms {
		if !slices.Contains(verbs, verb) {
			t.Errorf("%s is told, and the parser does not know it", verb)
		}
	}
	for _, ask := range []string{
		"image ?", "move 1 ?", "resize 1 ?", "room 1 ?", "new 1MiB ?", "copy 1 ?", "copy 1 at 1MiB ?", "format 1 ?", "format 1 fs=ext4 ?",
		"flag 1 legacy_boot ?", "uuid 1 ?", "table ?", "table new ?", "new 1MiB as=?",
	} {
		verb, _, _ := strings.Cut(ask, " ")
		words := allowed(ask)
		if len(words) == 0 {
			t.Errorf("%q: the parser tells nothing", ask)
		}
		for _, w := range words {
			if !strings.Contains(strings.Join(forms[verb], "\n"), w) {
				t.Errorf("%q takes %s, which is not told", ask, w)
			}
		}
	}
}

// The README's table of plan lines is that of the help.
func TestReadmePlanTable(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "<!-- plan -->\n")
	table, _, closed := strings.Cut(rest, "<!-- /plan -->")
	if !found || !closed || table != planTable() { // what it should be is printed
		t.Errorf("between <!-- plan --> and <!-- /plan --> the README should have:\n%s", planTable())
	}
	for _, e := range exitTopic().parts[1].list {
		if row := "| " + e.terms[0] + " | " + e.text + " |"; !strings.Contains(string(text), row) {
			t.Errorf("the README lacks %q", row)
		}
	}
}

// Help that goes into a pipe is plain, and no line of it is wide.
func TestTopics(t *testing.T) {
	for name, words := range map[string][]string{
		"plan":       {"THE IMAGE", "    move P right SIZE", "    move 2 right 1024MiB", "room 2 by +2GiB", "--align"},
		"exit-codes": {"a commit was interrupted: `shunt recover`"},
	} {
		o := people()[0].run(t, "help", name)
		o.want(t, exitDone, words...)
		if strings.ContainsAny(o.out, "\x1b\t") || o.err != "" {
			t.Errorf("%s: not plain: %q %q", name, o.out, o.err)
		}
		for line := range strings.Lines(o.out) {
			if n := ansi.StringWidth(strings.TrimRight(line, "\n")); n > topicWidth {
				t.Errorf("%s: %d cells: %s", name, n, line)
			}
		}
	}
	people()[0].run(t, "--help").want(t, exitDone, "HELP TOPICS", "exit-codes", "plan files, with examples")
}

// In colours the text is the same.
func TestTopicColours(t *testing.T) {
	var out bytes.Buffer
	planTopic().print(&out, true)
	lines := planTopic().parts[2].lines(topicWidth, topicLook{})
	if !strings.Contains(out.String(), strings.Join(lines, "\n")) {
		t.Errorf("%s\nlacks\n%s", out.String(), strings.Join(lines, "\n"))
	}
}

// planTable is the table of the README.
func planTable() string {
	var b strings.Builder
	b.WriteString("| line | meaning |\n| --- | --- |\n")
	for _, g := range planGroups {
		for _, r := range g.rows {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.Join(r.terms, "`, `"), r.text)
		}
	}
	return b.String()
}
