package oracle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shunt/model/testneed"
)

// A Source is where an archive can be fetched, and its SHA-256.
type Source struct{ URL, Sum string }

// Unpacked returns a directory of the user's cache with what a shell script makes of an archive, which it calls $ARCHIVE. It
// runs in the directory. The first call fetches the archive from the first source that has it, so that large images of
// foreign projects need not be part of this one.
func Unpacked(t testing.TB, name, script string, sources ...Source) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		testneed.Missing(t, "needs a cache directory: "+err.Error())
	}
	dir := filepath.Join(cache, "shunt-tests", name)
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	// Another run may fill the cache at the same time. The first one to finish gives it its name.
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fresh")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }() // nothing is there after the renaming
	archive := filepath.Join(t.TempDir(), "archive")
	offline := true
	var failed []error
	for _, from := range sources {
		err := from.fetch(t.Context(), archive)
		if err == nil {
			testneed.Shell(t, fresh, script, "ARCHIVE="+archive)
			if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, os.ErrExist) {
				t.Fatal(err)
			}
			return dir
		}
		failed, offline = append(failed, err), offline && errors.As(err, new(*net.OpError))
	}
	why := fmt.Sprintf("needs the network, or in %s what is made of an archive: %v", dir, errors.Join(failed...))
	if offline {
		testneed.Rare(t, why) // a machine may be without the network and still have every tool
	}
	testneed.Missing(t, why)
	return ""
}

// fetch writes the archive to a file.
func (s Source) fetch(ctx context.Context, path string) error {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	const most = 64 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != s.Sum {
		return fmt.Errorf("%s has another checksum", s.URL)
	}
	return os.WriteFile(path, body, 0o600)
}
