package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops"
)

var wholeMatrix = flag.Bool("matrix", false, "try every cell of the acceptance table by itself")

// matrixTable is a kind of table that the acceptance table tries, with the subject in the middle of free space and a
// neighbour behind it. All lengths are in MiB.
type matrixTable struct {
	name           string
	script         string // $A, $S: the subject's start and size; $B: the neighbour's start; all in MiB
	subject, first int    // numbers of the subject and of the first partition that is made behind the neighbour
}

const (
	onGPT = iota
	onMBR
	onLogical
)

func matrixTables() []matrixTable {
	return []matrixTable{
		onGPT:     {"GPT", `printf "label: gpt\nstart=${A}MiB,size=${S}MiB,name=subject,attrs=\"GUID:59\"\nstart=${B}MiB,size=2MiB,name=neighbour\n" | sfdisk -q $IMG`, 1, 3},
		onMBR:     {"MBR", `printf "label: dos\nlabel-id: 0xdeadbeef\nstart=${A}MiB,size=${S}MiB,type=$TYPE,bootable\nstart=${B}MiB,size=2MiB,type=da\n" | sfdisk -q $IMG`, 1, 3},
		onLogical: {"logical", `printf "label: dos\nlabel-id: 0xdeadbeef\nstart=1MiB,type=f\nstart=${A}MiB,size=${S}MiB,type=$TYPE\nstart=${B}MiB,size=2MiB,type=da\n" | sfdisk -q $IMG`, 5, 7},
	}
}

// as is what a plan says to make a partition of the table's kind.
func (t matrixTable) as() string {
	if t.name == "logical" {
		return " as=logical"
	}
	return ""
}

// matrixOp is a column of the acceptance table: a line of a plan, and what must have become of the subject by it.
type matrixOp struct {
	name    string
	ability ops.Ability
	line    func(c matrixCell, s *matrixState) string
}

// matrixState is what a cell's plan shall lead to. Positions and sizes are in MiB.
type matrixState struct {
	start, size int64
	label       string
	uuid        bool // it is another one
	copied, new int  // numbers of the copy and of the partition that was made, 0 without
}

// larger, smaller and third are sizes that no grid of blocks or groups likes especially.
func larger(s int64) int64  { return s + s/2 + s%3 + 1 }
func smaller(s int64) int64 { return s - s/5 }
func third(s int64) int64   { return s/3 + 1 }

// matrixOps are in the order in which one queue can have all of them.
func matrixOps() []matrixOp {
	return []matrixOp{
		{"check", ops.CanCheck, func(c matrixCell, _ *matrixState) string { return fmt.Sprintf("check %d", c.table.subject) }},
		{"UUID", ops.CanUUID, func(c matrixCell, s *matrixState) string {
			s.uuid = true
			return fmt.Sprintf("uuid %d new", c.table.subject)
		}},
		{"label", ops.CanLabel, func(c matrixCell, s *matrixState) string {
			s.label = "FRESH"
			return fmt.Sprintf("label %d \"FRESH\"", c.table.subject)
		}},
		{"grow", ops.CanGrow, func(c matrixCell, s *matrixState) string {
			s.size = larger(s.size)
			return fmt.Sprintf("resize %d to %dMiB", c.table.subject, s.size)
		}},
		{"move right", ops.CanMove, func(c matrixCell, s *matrixState) string {
			s.start += third(c.fs.size)
			return fmt.Sprintf("move %d right %dMiB", c.table.subject, third(c.fs.size))
		}},
		{"shrink", ops.CanShrink, func(c matrixCell, s *matrixState) string {
			s.size = smaller(c.fs.size)
			return fmt.Sprintf("resize %d to %dMiB", c.table.subject, s.size)
		}},
		{"move left", ops.CanMove, func(c matrixCell, s *matrixState) string {
			s.start -= third(c.fs.size) + 1
			return fmt.Sprintf("move %d left %dMiB", c.table.subject, third(c.fs.size)+1)
		}},
		{"copy", ops.CanCopy, func(c matrixCell, s *matrixState) string {
			s.copied = c.table.first
			return fmt.Sprintf("copy %d at %dMiB", c.table.subject, c.layout.copied)
		}},
		{"create", ops.CanCreate, func(c matrixCell, s *matrixState) string {
			s.new = max(c.table.first, s.copied+1)
			return fmt.Sprintf("new %dMiB at %dMiB fs=%s%s", c.fs.size, c.layout.new, c.fs.kind, c.table.as())
		}},
	}
}

// matrixLayout is where things lie, in MiB.
type matrixLayout struct{ subject, neighbour, copied, new, size int64 }

func layoutFor(s int64) matrixLayout {
	l := matrixLayout{subject: s + 2}
	l.neighbour = l.subject + 2*s + 4
	l.copied = l.neighbour + 4
	l.new = l.copied + larger(s) + 4
	l.size = l.new + s + 4
	return l
}

// TestMatrix is the acceptance table: every file system on every kind of table with every operation, by the program
// itself. What is not offered has its reason in the support matrix and is refused with it. Without -matrix all that is
// offered for a file system is one queue, on one kind of table, and ext4 on all of them; one refusal of each is tried.
func TestMatrix(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	for _, name := range []string{"sfdisk", "sgdisk", "parted", "blkid"} {
		testneed.Tool(t, name)
	}
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	support := toldSupport(t)
	chart := newMatrixChart()
	if *wholeMatrix {
		t.Cleanup(func() { t.Log("\n" + chart.draw()) })
	}
	for i, fs := range matrixKinds() {
		turn := rng.Intn(1 << 20)
		t.Run(string(fs.kind), func(t *testing.T) {
			t.Parallel()
			c := matrixCell{fs: fs, layout: layoutFor(fs.size), support: support[fs.kind]}
			c.window, c.files = fs.make(t, c.layout.subject*2048)
			for j, table := range matrixTables() {
				if !*wholeMatrix && fs.kind != model.Ext4 && j != i%3 {
					continue
				}
				c.table = table
				c.build(t)
				t.Run("all on "+table.name, func(t *testing.T) { c.try(t, c.offered()) })
				if refused := c.refused(); !*wholeMatrix && len(refused) > 0 {
					op := refused[turn%len(refused)]
					t.Run(op.name+" on "+table.name, func(t *testing.T) { c.refuse(t, op) })
				}
				for _, op := range matrixOps() {
					if !*wholeMatrix {
						break
					}
					t.Run(op.name+" on "+table.name, func(t *testing.T) {
						reason := c.support[string(op.ability)]
						if reason != "" {
							c.refuse(t, op)
						} else {
							c.try(t, []matrixOp{op})
						}
						chart.note(fs.kind, op, table, reason, t.Failed())
					})
				}
			}
		})
	}
}

// toldSupport is the support matrix as the program tells it: by kind and ability why not, nothing where there is no reason.
func toldSupport(t *testing.T) map[model.FSKind]map[string]string {
	t.Helper()
	told := people()[0].run(t, "info", "--support", "--json")
	told.want(t, 0)
	var report supportReport
	if err := json.Unmarshal([]byte(told.out), &report); err != nil {
		t.Fatal(err)
	}
	support := map[model.FSKind]map[string]string{}
	for _, k := range report.FileSystems {
		support[model.FSKind(k.Kind)] = map[string]string{}
		for ability, reason := range k.Reasons {
			if reason != nil {
				support[model.FSKind(k.Kind)][ability] = string(*reason)
			}
		}
	}
	return support
}

// matrixChart is the acceptance table as it came out.
type matrixChart struct {
	mu    sync.Mutex
	cells map[string]string
}

func newMatrixChart() *matrixChart { return &matrixChart{cells: map[string]string{}} }

func chartKey(kind model.FSKind, op matrixOp, table matrixTable) string {
	return string(kind) + "|" + op.name + "|" + table.name
}

func (m *matrixChart) note(kind model.FSKind, op matrixOp, table matrixTable, reason string, failed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case failed:
		m.cells[chartKey(kind, op, table)] = "FAILED"
	case reason != "":
		m.cells[chartKey(kind, op, table)] = "no: " + reason
	default:
		m.cells[chartKey(kind, op, table)] = "yes"
	}
}

// draw is the table in Markdown, with the reasons below.
func (m *matrixChart) draw() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	b.WriteString("| file system |")
	for _, op := range matrixOps() {
		b.WriteString(" " + op.name + " |")
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(matrixOps())+1) + "\n")
	var reasons []string
	for _, fs := range matrixKinds() {
		b.WriteString("| " + string(fs.kind) + " |")
		for _, op := range matrixOps() {
			var words []string
			for _, table := range matrixTables() {
				word := m.cells[chartKey(fs.kind, op, table)]
				if reason, no := strings.CutPrefix(word, "no: "); no {
					if !slices.Contains(reasons, reason) {
						reasons = append(reasons, reason)
					}
					word = fmt.Sprintf("no %d", slices.Index(reasons, reason)+1)
				}
				if !slices.Contains(words, word) {
					words = append(words, word)
				}
			}
			b.WriteString(" " + strings.Join(words, ", ") + " |")
		}
		b.WriteString("\n")
	}
	for i, reason := range reasons {
		fmt.Fprintf(&b, "\n%d. %s", i+1, reason)
	}
	return b.String()
}
