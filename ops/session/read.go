package session

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/extract"
	"shunt/ops/worker"
)

// mostPause is how long a reader may be silent. A hostile file system could make it run forever.
const mostPause = 60 * time.Second

// Read reads files from a partition, or with id 0 from the file system that covers a disk without a table, and passes
// them to h as they come. notes are printable reasons to doubt what was read. The error is an *extract.Error if the path
// cannot be read. Whatever the error is, h may have got a part.
func (v Viewer) Read(
	ctx context.Context, id model.PartID, wish extract.Wish, h extract.Handler,
) (notes []string, err error) {
	at, err := v.locateReadable(id)
	if err != nil {
		return nil, err
	}
	p, err := v.reader(at, worker.Question{Read: &wish})
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })()
	notes, err = extract.Receive(patient{p.conn}, h)
	_ = p.conn.Close()       // everything that counts was read
	_ = p.cmd.Process.Kill() // it may still be reading for an h that has failed
	waited := p.cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return notes, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return notes, &readerDied{"it was silent for " + mostPause.String()}
	case errors.Is(err, extract.ErrCutOff):
		return notes, &readerDied{ending(waited, p.stderr.text())}
	}
	if v.facts.InUse != "" {
		notes = append(notes, "the target is in use by "+safetext.Printable(v.facts.InUse)+": what was read may be stale")
	}
	return notes, err
}

// patient reads from a connection and gives up after mostPause without a byte.
type patient struct{ net.Conn }

func (p patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(mostPause)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}
