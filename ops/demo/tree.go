package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// file is one file to put into a partition. Its contents follow from its path and length.
type file struct {
	path string // relative, with slashes
	size int64  // bytes
	text bool   // made of words, otherwise of random bytes
}

// Manifest lists the files that Make puts into a partition: the SHA-256 of each, in hexadecimal, by its path relative
// to the root of the file system, with slashes. lost+found is none of them. An unknown number has no files.
func Manifest(number int) map[string]string {
	sums := map[string]string{}
	for _, f := range tree(number) {
		sum := sha256.New()
		_ = f.write(sum) // a hash takes everything
		sums[f.path] = hex.EncodeToString(sum.Sum(nil))
	}
	return sums
}

// tree is what lies in a partition, about 20 MB each.
func tree(number int) []file {
	switch number {
	case 1:
		return docs()
	case 2:
		return photos()
	}
	return nil
}

func docs() []file {
	files := []file{
		{"README.txt", 1800, true},
		{"empty.txt", 0, true},
		{"projects/garden/plan 2012/notes.txt", 5321, true},
		{"projects/garden/plan 2012/beds.dat", 1 << 20, false},
	}
	for year := 2008; year <= 2012; year++ {
		for month := 1; month <= 12; month++ {
			files = append(files, file{fmt.Sprintf("letters/%d/letter-%02d.txt", year, month), int64(700 + 613*month + 97*(year-2000)), true})
		}
		files = append(files, file{fmt.Sprintf("accounts/%d.csv", year), int64(40000 + 1111*(year-2000)), true})
	}
	for i := range 8 {
		files = append(files, file{fmt.Sprintf("books/volume-%d.txt", i+1), int64(400<<10 + i*77777), true})
	}
	for i, of := range []string{"camera", "radio", "bicycle", "sewing-machine", "printer"} {
		files = append(files, file{"manuals/" + of + ".bin", int64(2<<20 + i*234567), false})
	}
	return files
}

func photos() []file {
	files := []file{{"index.txt", 3600, true}}
	for a, album := range []string{"2009-07 Sea", "2010-02 Snow", "2011-09 Wedding", "2012-05 Garden"} {
		files = append(files, file{"albums/" + album + "/index.txt", int64(500 + 77*a), true})
		for i := range 5 {
			n := 5*a + i
			files = append(files,
				file{fmt.Sprintf("albums/%s/DSC_%04d.JPG", album, 100+n), int64(600<<10 + n*31337), false},
				file{fmt.Sprintf("albums/%s/.thumbnails/DSC_%04d.png", album, 100+n), int64(6000 + n*511), false},
			)
		}
	}
	return append(files, file{"raw/DSC_0107.NEF", 3<<20 + 4711, false})
}

// plant writes the files below dir, with times of their own, so that two images have the same.
func plant(ctx context.Context, dir string, files []file) error {
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := f.create(path, time.Date(2012, time.August, 1, 9, i, 0, 0, time.UTC)); err != nil {
			return err
		}
	}
	return nil
}

func (f file) create(path string, modified time.Time) (err error) {
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = f.write(w)
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Chtimes(path, modified, modified)
}

// write writes the file's contents.
func (f file) write(w io.Writer) error {
	source := rand.NewChaCha8(sha256.Sum256([]byte(f.path)))
	if f.text {
		_, err := io.WriteString(w, words(rand.New(source), int(f.size)))
		return err
	}
	_, err := io.CopyN(w, source, f.size)
	return err
}

// words is a text of exactly n bytes.
func words(r *rand.Rand, n int) string {
	list := strings.Fields("the a of to and in stick disk sector table move grow shrink left right free space first last old new before after always never quietly safely")
	var text strings.Builder
	text.Grow(n + 16)
	for text.Len() < n {
		text.WriteString(list[r.IntN(len(list))])
		text.WriteByte(" \n"[max(0, r.IntN(12)-10)])
	}
	return text.String()[:n]
}
