package demo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A file describes a file in a partition. Its path and size determine its contents.
type file struct {
	path string // relative, with slashes
	size int    // bytes
	text bool   // made of words, otherwise of random bytes
}

// tree returns the files of a partition, about 20 MB.
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
			size := 700 + 613*month + 97*(year-2000)
			files = append(files, file{fmt.Sprintf("letters/%d/letter-%02d.txt", year, month), size, true})
		}
		files = append(files, file{fmt.Sprintf("accounts/%d.csv", year), 40000 + 1111*(year-2000), true})
	}
	for i := range 8 {
		files = append(files, file{fmt.Sprintf("books/volume-%d.txt", i+1), 400<<10 + i*77777, true})
	}
	for i, of := range []string{"camera", "radio", "bicycle", "sewing-machine", "printer"} {
		files = append(files, file{"manuals/" + of + ".bin", 2<<20 + i*234567, false})
	}
	return files
}

func photos() []file {
	files := []file{{"index.txt", 3600, true}}
	for a, album := range []string{"2009-07 Sea", "2010-02 Snow", "2011-09 Wedding", "2012-05 Garden"} {
		files = append(files, file{"albums/" + album + "/index.txt", 500 + 77*a, true})
		for i := range 5 {
			n := 5*a + i
			files = append(files,
				file{fmt.Sprintf("albums/%s/DSC_%04d.JPG", album, 100+n), 600<<10 + n*31337, false},
				file{fmt.Sprintf("albums/%s/.thumbnails/DSC_%04d.png", album, 100+n), 6000 + n*511, false},
			)
		}
	}
	return append(files, file{"raw/DSC_0107.NEF", 3<<20 + 4711, false})
}

// plant writes the files below dir, with fixed times, so that they are the same in every image.
func plant(ctx context.Context, dir string, files []file) error {
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.content(), 0o644); err != nil {
			return err
		}
		modified := time.Date(2012, time.August, 1, 9, i, 0, 0, time.UTC)
		if err := os.Chtimes(path, modified, modified); err != nil {
			return err
		}
	}
	return nil
}

// content returns the file's contents.
func (f file) content() []byte {
	source := rand.NewChaCha8(sha256.Sum256([]byte(f.path)))
	if f.text {
		return words(rand.New(source), f.size)
	}
	b := make([]byte, f.size)
	_, _ = source.Read(b) // never fails
	return b
}

// words returns a text of exactly n bytes.
func words(r *rand.Rand, n int) []byte {
	list := strings.Fields("the a of to and in stick disk sector table move grow shrink left right free space first last " +
		"old new before after always never quietly safely")
	text := make([]byte, 0, n+16)
	for len(text) < n {
		text = append(text, list[r.IntN(len(list))]...)
		text = append(text, " \n"[max(0, r.IntN(12)-10)])
	}
	return text[:n]
}
