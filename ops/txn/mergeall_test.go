package txn

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math/rand"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/plan"
)

var triplesFlag = flag.Bool("triples", false, "try every three edits one behind the other, and not a part of them")

// everyEdit has lines of a plan for each kind of operation, by the name of its type. Kinds whose list is empty are possible
// only alone in a queue, so nothing is ever joined with them.
var everyEdit = map[string][]string{
	"New":            {"new 5s at 125s", "new 20s at 62s", "new 12s at 45s", "new 9s at 100s as=logical"},
	"Delete":         {"delete 1", "delete 2", "delete 3", "delete 6"},
	"MoveResize":     {"move 1 right 2s", "move 1 left 2s", "move 2 to 130s", "move 2 left 2s", "resize 1 to 9s", "resize 2 to 22s", "move 6 right 3s", "resize 4 to 20s"},
	"ResizeEntry":    {"resize 1 to 15s entry-only", "resize 1 to 21s entry-only", "resize 2 to 20s entry-only"},
	"Copy":           {"copy 1 at 125s", "copy 2 at 140s", "copy 1 at 92s as=logical"},
	"CopyOver":       {"copy 1 over 2", "copy 2 over 4", "copy 5 over 7"},
	"Format":         {"format 1 cleared", "format 2 cleared", "format 1 fs=swap label=a", "format 2 fs=swap"},
	"SetLabel":       {"label 1 b", "label 2 a"},
	"NewUUID":        {"uuid 1 new", "uuid 2 new"},
	"Check":          {"check 1", "check 2"},
	"Fill":           {fillFirst},
	"Discard":        {"discard 1", "discard 2"},
	"SetName":        {"name 1 a", "name 1 b", "name 2 a"},
	"SetType":        {"type 1 raid", "type 1 linux", "type 2 lvm"},
	"SetFlag":        {"flag 1 hidden on", "flag 1 boot on", "flag 1 boot off", "flag 2 boot on"},
	"Wipe":           {"wipe 1", "wipe 2 random", "wipe free", "wipe free random", "wipe 3", "wipe 6"},
	"NewTable":       {"table new gpt", "table new mbr"},
	"ImageSize":      {"image size 90KiB", "image size 110KiB", "image size 84KiB", "image size 110KiB prealloc=falloc"},
	"RepairImage":    {"image repair"},
	"DropBitmaps":    {"image drop-bitmaps"},
	"Sparsify":       {"image sparsify"},
	"Sort":           {"table sort"},
	"ToGPT":          {"table gpt"},
	"Hybrid":         {"table hybrid 1 2", "table hybrid 2 active=2", "table hybrid none"},
	"ProtectiveBoot": {"table flag boot on", "table flag boot off"},
	"FirstUsable":    {"table first-lba 36s", "table first-lba 34s"},
	"MoveArray":      {"table array 3s", "table array 2s"},
	"PutBack":        {"new 6s at 150s keep", "new 5s at 125s keep"},
	"Restore": {
		`table restore "label: gpt\x0afirst-lba: 34\x0a\x0ap1 : start=40, size=20, type=` + linuxType + `\x0ap2 : start=130, size=9, type=` + linuxType + `"`,
		`table restore "label: dos\x0alabel-id: 0x1\x0a\x0ap1 : start=40, size=20, type=83\x0ap2 : start=64, size=20, type=83"`,
	},
	"CreateSnapshot": nil, "ApplySnapshot": nil, "DeleteSnapshot": nil, "Flatten": nil, "Rebase": nil, "Commit": nil,
}

// fillFirst fills the first partition. A plan says that only where a MiB or more is to be won.
const fillFirst = "fill 1"

// parsed adds a line to a queue.
func parsed(line string, q ops.Queue) (ops.Queue, error) {
	if line == fillFirst {
		return q.Stage(ops.Fill{ID: 1})
	}
	return plan.Parse(strings.NewReader(line), q, geometry.AlignNone)
}

// kindsOfEdits returns the names of all types of package ops that can be applied to a disk.
func kindsOfEdits(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Apply" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			of := f.Recv.List[0].Type
			if p, ok := of.(*ast.StarExpr); ok {
				of = p.X
			}
			names = append(names, of.(*ast.Ident).Name)
		}
	}
	return names
}

// editedDisks are images with room between their partitions, which holds bytes too.
func editedDisks(t *testing.T, rng *rand.Rand) map[string][]byte {
	t.Helper()
	gpt := realPlan{
		name: "gpt", kind: model.TableGPT, sectors: 240, parts: []model.Partition{primary(1, 40, 60), primary(2, 64, 84), primary(4, 90, 121)},
	}
	mbr := realPlan{name: "mbr", kind: model.TableMBR, sectors: 240, parts: []model.Partition{
		primary(1, 40, 60), primary(2, 64, 84), extended(4, 88, 190), logical(5, 88, 90, 100), logical(6, 104, 106, 116), logical(7, 130, 135, 145),
	}}
	swap := realPlan{name: "swap", kind: model.TableGPT, sectors: 500, parts: []model.Partition{primary(1, 170, 259), primary(2, 280, 380)}}
	list := map[string][]byte{}
	for _, p := range []realPlan{gpt, mbr, swap} {
		image := p.image(t, rng)
		disk, err := scan.Scan(bytes.NewReader(image), int64(len(image)), sec)
		if err != nil {
			t.Fatal(err)
		}
		if p.name == "swap" {
			q, err := plan.Parse(strings.NewReader("format 1 fs=swap label=a\nresize 1 to 100s entry-only\nformat 2 fs=swap"), ops.NewQueue(disk, ops.Env{Caps: fsys.Discover()}), geometry.AlignNone)
			if err != nil {
				t.Fatal(err)
			}
			image = rehearsed(t, image, q)
			copy(image[280*sec+4086:], "S1SUSPEND\x00")
		}
		for _, gap := range model.Gaps(disk, model.Everything) {
			if gap.Role != model.Logical {
				rng.Read(cutOut(image, gap.Span))
			}
		}
		list[p.name] = image
	}
	return list
}

// An editing makes edits by the lines of plans, on a queue that joins them and on one that does not.
type editing struct{ plain, joined ops.Queue }

// edit adds a line to both. It reports whether both could take it, and the kind of the edit; one alone must not.
func (e editing) edit(t *testing.T, line string) (next editing, kind string, ok bool) {
	t.Helper()
	with, err := parsed(line, e.joined)
	if err != nil {
		if with, errPlain := parsed(line, e.plain); errPlain == nil && !putsBack(with) {
			t.Fatalf("%s: is possible after\n%sand not after\n%s%v", line, plan.Format(e.plain), plan.Format(e.joined), err)
		}
		return e, "", false
	}
	op := with.Ops()[with.Len()-1]
	if next.joined, err = e.joined.Edit(op); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if next.plain, err = e.plain.Stage(op); err != nil {
		if !putsBack(with) {
			t.Fatalf("%s: is possible after\n%sand not after\n%s%v", line, plan.Format(e.joined), plan.Format(e.plain), err)
		}
		return e, "", false
	}
	return next, reflect.TypeOf(op).Name(), true
}

// putsBack reports whether the last edit puts partitions around what lies there. After a longer list it may not: something may
// have been written there in between.
func putsBack(q ops.Queue) bool {
	switch q.Ops()[q.Len()-1].(type) {
	case ops.PutBack, ops.Restore:
		return true
	}
	return false
}

// TestEveryPairOfEdits makes edits of every kind one behind the other. Where they are joined, the target is the same in the
// end, and where one of them is refused, it is refused in both ways.
func TestEveryPairOfEdits(t *testing.T) {
	kinds := kindsOfEdits(t)
	slices.Sort(kinds)
	if list := slices.Sorted(maps.Keys(everyEdit)); !slices.Equal(list, kinds) {
		t.Fatalf("the table has the kinds\n%q and package ops\n%q", list, kinds)
	}
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	var lines []string
	for _, kind := range kinds {
		lines = append(lines, everyEdit[kind]...)
	}
	possible, tried, joined := map[string]bool{}, 0, 0
	images := editedDisks(t, rng)
	images["ext4"] = images["gpt"]
	for name, image := range images {
		disk, err := scan.Scan(bytes.NewReader(image), int64(len(image)), sec)
		if err != nil {
			t.Fatal(err)
		}
		caps := fsys.Discover()
		switch name {
		case "gpt":
			disk.Image = model.ImageState{Leaks: true, Bitmaps: 2}
		case "ext4": // is never carried out: there is none
			p, _ := disk.Partition(1)
			p.FS = model.Filesystem{Kind: model.Ext4, Size: 5 * geometry.KiB, Used: -1, BlockSize: 1024}
			disk, caps[model.Ext4] = disk.With(p), ops.Capability{}
		}
		contents := func(s geometry.Span) model.Filesystem {
			return scan.Probe(bytes.NewReader(image), int64(s.Start)*sec, int64(s.Len())*sec)
		}
		start := ops.NewQueue(disk, ops.Env{Caps: caps, Contents: contents})
		var follow func(e editing, depth int)
		follow = func(e editing, depth int) {
			for _, line := range lines {
				if depth == 3 && !*triplesFlag && rng.Intn(400) > 0 {
					continue
				}
				next, kind, ok := e.edit(t, line)
				if !ok {
					continue
				}
				tried++
				possible[kind] = true
				if next.joined.Len() <= e.joined.Len() {
					joined++
					if !next.joined.Preview().Equal(next.plain.Preview()) {
						t.Fatalf("another disk after\n%sand\n%s", plan.Format(next.plain), plan.Format(next.joined))
					}
					if name != "ext4" {
						sameTarget(t, image, next)
					}
				}
				if depth < 3 {
					follow(next, depth+1)
				}
			}
		}
		follow(editing{start, start}, 1)
	}
	t.Logf("%d queues, %d of them joined", tried, joined)
	for _, kind := range kinds {
		if everyEdit[kind] != nil && !possible[kind] {
			t.Errorf("no edit of the kind %s was possible", kind)
		}
	}
}

// sameTarget carries both queues out and compares the targets, but for what is made up.
func sameTarget(t *testing.T, image []byte, e editing) {
	t.Helper()
	text := plan.Format(e.plain) + "joined:\n" + plan.Format(e.joined)
	a, b := rehearsed(t, image, e.plain), rehearsed(t, image, e.joined)
	if len(a) != len(b) || !bytes.Equal(a[:440], b[:440]) {
		t.Fatalf("%d bytes and %d, or another boot record after\n%s", len(a), len(b), text)
	}
	for _, p := range e.plain.Preview().Partitions() {
		in, other := cutOut(a, p.Span), cutOut(b, p.Span)
		if p.Role == model.Extended || bytes.Equal(in, other) {
			continue
		}
		probe := func(part []byte) model.Filesystem {
			fs := scan.Probe(bytes.NewReader(part), 0, int64(len(part)))
			fs.UUID = ""
			return fs
		}
		madeUp := p.FS.Known() && probe(in) == probe(other) || p.FS.Trait == model.Unread && !bytes.Equal(other, cutOut(image, p.Span))
		if !madeUp {
			t.Fatalf("%s differs after\n%s%+v\n%+v\n%+v", p.Ref(), text, p.FS, probe(in), probe(other))
		}
	}
	sameTables(t, e.plain.Initial(), e.joined, a, b, text)
	sameWipes(t, image, e, a, b, text)
}

// sameWipes makes sure that nothing stays readable behind joined edits that is not behind the others.
func sameWipes(t *testing.T, image []byte, e editing, a, b []byte, text string) {
	t.Helper()
	steps, err := e.plain.Compile()
	if err != nil {
		t.Fatal(err)
	}
	zero := make([]byte, sec)
	for _, s := range steps {
		if s.Kind != ops.StepErase {
			continue
		}
		for at := s.Window.Start; at < s.Window.End; at++ {
			one := geometry.SpanOf(at, 1)
			if slices.ContainsFunc(e.plain.Preview().Partitions(), func(p model.Partition) bool { return p.Span.Overlaps(one) }) {
				continue // is compared with what the partition holds
			}
			is, now, was := cutOut(a, one), cutOut(b, one), cutOut(image, one)
			wiped := bytes.Equal(is, now) || bytes.Equal(now, zero) || s.Random && !bytes.Equal(now, was)
			if !wiped && !bytes.Equal(is, was) {
				t.Fatalf("sector %d is not wiped after\n%s", at, text)
			}
		}
	}
}
