package scan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/testneed"
)

// utilLinux lists archives with the images that libblkid is tested with, the best one first.
var utilLinux = []struct{ url, sum string }{
	{
		"https://deb.debian.org/debian/pool/main/u/util-linux/util-linux_2.42.3.orig.tar.xz",
		"66ac7c0e725278eb2b039e3104f2c91119341d941b41bac7a285c695f940bd57",
	},
	{
		"https://deb.debian.org/debian/pool/main/u/util-linux/util-linux_2.41.orig.tar.xz",
		"81ee93b3cfdfeb7d7c4090cedeba1d7bbce9141fd0b501b686b3fe475ddca4c6",
	},
}

// fewestImages is how many images make a run that counts: the older archive has no more.
const fewestImages = 125

// blkidImages returns the directory with the unpacked images. It keeps them in the user's cache, because they are large.
func blkidImages(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		testneed.Missing(t, "needs a cache directory: "+err.Error())
	}
	dir := filepath.Join(cache, "shunt-tests", "blkid-images")
	if files, _ := filepath.Glob(filepath.Join(dir, "*.img")); len(files) >= fewestImages {
		return dir
	}
	testneed.Tool(t, "xz")
	testneed.Tool(t, "tar")
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	// Another run may fill the cache at the same time. The first one to finish gives it its name.
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fresh")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }() // nothing is there after the renaming
	archive := filepath.Join(fresh, "archive")
	tried := ""
	for _, from := range utilLinux {
		if err := download(t.Context(), from.url, from.sum, archive); err != nil {
			tried += "; " + err.Error()
			continue
		}
		unpack(t, archive, fresh)
		_ = os.RemoveAll(dir) // what is there is not complete
		if err := os.Rename(fresh, dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	// The archive is fetched from the network, which a machine may lack without lacking a tool.
	t.Skip("needs the images in tests/ts/blkid/images-fs of util-linux, unpacked, in " + dir + tried)
	return ""
}

// download writes what is at the URL to a file, if its SHA-256 is sum.
func download(ctx context.Context, url, sum, path string) error {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, 32<<20))
	if err != nil {
		return err
	}
	if got := sha256.Sum256(body); hex.EncodeToString(got[:]) != sum {
		return &os.PathError{Op: "download", Path: url, Err: os.ErrInvalid}
	}
	return os.WriteFile(path, body, 0o600)
}

// unpack puts the images of an archive into dir, with holes where they are zero, and removes the archive.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	tool(t, "", "sh", "-c", `cd "$1" && tar -xJf "$2" --strip-components=5 --wildcards '*/tests/ts/blkid/images-fs/*.xz' &&
		xz -d *.xz && rm "$2"`, "sh", dir, archive)
}

// blkidKind returns libblkid's name for a kind.
func blkidKind(kind model.FSKind) string {
	switch kind {
	case model.FAT12, model.FAT16, model.FAT32:
		return "vfat"
	case model.LUKS:
		return "crypto_LUKS"
	case model.LVM2:
		return "LVM2_member"
	case model.RAID:
		return "linux_raid_member"
	case model.ZFS:
		return "zfs_member"
	case model.BitLocker:
		return "BitLocker"
	}
	return string(kind)
}

// TestBlkidImages scans the images that libblkid is tested with. testdata/blkid.tsv has its verdicts: name, type, usage,
// label, UUID. Nothing may be called something else.
func TestBlkidImages(t *testing.T) {
	dir := blkidImages(t)
	table, err := os.ReadFile("testdata/blkid.tsv")
	if err != nil {
		t.Fatal(err)
	}
	images, full, rng := 0, 0, probeRand(t)
	for line := range strings.Lines(string(table)) {
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		f, err := os.Open(filepath.Join(dir, row[0]+".img"))
		if err != nil {
			continue // an archive that is older than the image
		}
		images++
		fs := scanWhole(t, f)
		spoil(t, f, rng)
		_ = f.Close() // only read
		switch kind := blkidKind(fs.Kind); {
		case kind == "":
			t.Logf("%s: not recognised, but %s", row[0], row[1])
		case kind != row[1]:
			t.Errorf("%s: is %s, and was called %s", row[0], row[1], kind)
		case fs.Label != row[3] || fs.UUID != row[4]:
			t.Logf("%s: label %q and UUID %q, but %q and %q", row[0], fs.Label, fs.UUID, row[3], row[4])
		default:
			full++
		}
	}
	t.Logf("%d of %d images agree in kind, label and UUID", full, images)
	if images < fewestImages || full < images {
		t.Errorf("%d of %d images agree in kind, label and UUID", full, images)
	}
}

// blkidImage opens one of the images.
func blkidImage(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join(blkidImages(t), name+".img"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// spoil overwrites bytes of what a probe read of an image: the probes must keep their promises.
func spoil(t *testing.T, f *os.File, rng *rand.Rand) {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{r: f, n: info.Size(), seen: make(map[int64][]byte)}
	Probe(rec, 0, rec.n)
	for range 20 {
		p := pages{n: rec.n, data: make(map[int64][]byte)}
		for number, page := range rec.seen {
			page = bytes.Clone(page)
			for range rng.IntN(6) * min(len(page), 1) {
				page[min(rng.IntN(len(page)), rng.IntN(len(page)))] = byte(rng.IntN(256))
			}
			p.data[number] = page
		}
		probePromises(t, p)
	}
}

// scanWhole returns what is on an image without a partition table.
func scanWhole(t *testing.T, f *os.File) model.Filesystem {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Scan(f, info.Size(), geometry.SectorSize(512))
	if err != nil || d.Table.Kind != model.TableNone {
		t.Logf("%s: %v, a table of kind %v", filepath.Base(f.Name()), err, d.Table.Kind)
		return Probe(f, 0, info.Size())
	}
	return d.Whole
}
