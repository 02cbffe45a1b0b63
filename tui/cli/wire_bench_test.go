package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"

	"shunt/model/testneed"
)

// BenchmarkEditor runs the real program on a terminal of 140x40 cells and measures what a slow line feels: how long it
// takes from the start of the program until the table is on the screen, how long from a key until the terminal gets its
// answer, how many bytes that is, and how many follow when the cursor rests. Over SSH pictures do not glide, so they do not
// here.
//
//	go test ./tui/cli -run '^$' -bench Editor -benchtime 20x
func BenchmarkEditor(b *testing.B) {
	testneed.Tool(b, "sfdisk")
	testneed.Tool(b, "mkfs.ext4")
	for _, n := range []int{6, 128} {
		image := crowded(b, n)
		b.Run(fmt.Sprintf("partitions=%d/first-frame", n), func(b *testing.B) { firstFrames(b, image) })
		for _, k := range []struct{ name, before, keys string }{
			{"cursor", "", "jjjkkk"},
			{"resize-typed", "m", "+12MiB\x7f\x7f"},
			{"room-typed", "g", "+12MiB\x7f\x7f"},
		} {
			b.Run(fmt.Sprintf("partitions=%d/key=%s", n, k.name), func(b *testing.B) { keyBytes(b, image, k.before, k.keys) })
		}
	}
}

// crowded is an image with n partitions, with a file system in each.
func crowded(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	image := filepath.Join(dir, "crowded.raw")
	table := "label: gpt\n" + strings.Repeat("size=4M\n", n)
	sh(b, dir, fmt.Sprintf("truncate -s %dM crowded.raw; printf '%s' | sfdisk -q crowded.raw", 4*n+64, table))
	for i := range n {
		sh(b, dir, fmt.Sprintf("mkfs.ext4 -q -F -E offset=%d crowded.raw 4M", (1+4*i)<<20))
	}
	return image
}

// line is a terminal and what arrives at it.
type line struct {
	onTerminal
	bytes atomic.Int64
	last  atomic.Int64 // when, in nanoseconds
	text  said
}

func dial(b *testing.B, image string) *line {
	b.Helper()
	cmd := people()[0].program(b, "--animation=off", image)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	l := &line{}
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 140})
	if err != nil {
		b.Fatal(err)
	}
	l.onTerminal = onTerminal{begun{cmd, &l.text}, master}
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := master.Read(buf)
			if err != nil {
				return
			}
			l.last.Store(time.Now().UnixNano())
			l.bytes.Add(int64(n))
			_, _ = l.text.Write(buf[:n])
		}
	}()
	b.Cleanup(func() {
		_ = master.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return l
}

// shows waits for a text, looking every quarter of a millisecond.
func (l *line) shows(b *testing.B, text string) {
	b.Helper()
	for range 40000 {
		if strings.Contains(escapes.ReplaceAllString(l.text.String(), ""), text) {
			return
		}
		<-time.After(time.Millisecond / 4)
	}
	b.Fatalf("%q does not appear:\n%q", text, l.text.String())
}

// answers waits until more than that many bytes have arrived, which not every key leads to.
func (l *line) answers(had int64) {
	start := time.Now()
	for l.bytes.Load() == had && time.Since(start) < time.Second {
		<-time.After(100 * time.Microsecond)
	}
}

// quiet waits until nothing has arrived for that long.
func (l *line) quiet(long time.Duration) {
	for time.Since(time.Unix(0, l.last.Load())) < long {
		<-time.After(5 * time.Millisecond)
	}
}

// rest waits until also what follows the cursor has arrived.
func (l *line) rest() { l.quiet(400 * time.Millisecond) }

func firstFrames(b *testing.B, image string) {
	b.Helper()
	for b.Loop() {
		l := dial(b, image)
		l.shows(b, "p1 ")
		b.StopTimer()
		l.rest()
		b.ReportMetric(float64(l.bytes.Load()), "bytes/frame")
		l.send(b, "q")
		_ = l.Wait()
		_ = l.screen.Close()
		b.StartTimer()
	}
}

func (l *line) send(b *testing.B, keys string) {
	b.Helper()
	if _, err := l.screen.WriteString(keys); err != nil {
		b.Fatal(err)
	}
}

func keyBytes(b *testing.B, image, before, keys string) {
	b.Helper()
	l := dial(b, image)
	l.shows(b, "p1 ")
	l.rest()
	// The selected partition is one in the middle: what moves has neighbours.
	for _, key := range "jjj" + before {
		l.send(b, string(key))
		l.answers(l.bytes.Load())
		l.rest()
	}
	var sum, most, n, late int64
	var answer time.Duration
	for i := 0; b.Loop(); i++ {
		had, start := l.bytes.Load(), time.Now()
		l.send(b, keys[i%len(keys):i%len(keys)+1])
		l.answers(had)
		answer += time.Since(start)
		b.StopTimer()
		l.quiet(60 * time.Millisecond)
		got := l.bytes.Load() - had
		sum, most, n = sum+got, max(most, got), n+1
		l.rest()
		late += l.bytes.Load() - had - got
		b.StartTimer()
	}
	b.ReportMetric(float64(sum)/float64(n), "bytes/key")
	b.ReportMetric(float64(most), "bytes/key-most")
	b.ReportMetric(float64(late)/float64(n), "bytes/rest")
	b.ReportMetric(float64(answer.Microseconds())/float64(n)/1000, "ms/answer")
}
