package scan

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trustvet/trustvet/internal/source"
)

// commitFSOf commits the files of dir and returns them as git keeps them.
func commitFSOf(t *testing.T, dir string) *commitFS {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "x")
	blobs, err := newBlobReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.close() })
	return newCommitFS([]byte(git(t, dir, "ls-tree", "-r", "-z", "--full-tree", "HEAD")), blobs)
}

func repository(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	return dir
}

func TestCommitIsAFileSystem(t *testing.T) {
	dir := repository(t)
	files := []string{"a.tf", "b/c.tf", "b/d/e é.json", "b/d/empty"}
	for _, name := range files {
		text := name + "\n"
		if name == "b/d/empty" {
			text = ""
		}
		write(t, filepath.Join(dir, name), text)
	}
	c := commitFSOf(t, dir)
	if err := fstest.TestFS(c, files...); err != nil {
		t.Error(err)
	}
	if got := c.names(); !slices.Equal(got, files) {
		t.Errorf("names are %q, want %q", got, files)
	}
	tree := source.NewTree(c)
	for _, name := range files[:3] {
		f, err := tree.File(name)
		if err != nil || string(f.Src) != name+"\n" {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

func TestLinksOfACommitStayInIt(t *testing.T) {
	dir := repository(t)
	write(t, filepath.Join(dir, "modules/real/main.tf"), "inside")
	write(t, filepath.Join(dir, "live/x"), "")
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, outside, "outside")
	for link, target := range map[string]string{
		"live/file.tf":  "../modules/real/main.tf",
		"live/module":   "../modules/real",
		"live/chain":    "module/main.tf",
		"live/escape":   "../../../../etc/passwd",
		"live/absolute": outside,
		"live/loop":     "loop",
		"live/nowhere":  "gone",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	tree := source.NewTree(commitFSOf(t, dir))
	for _, name := range []string{"live/file.tf", "live/module/main.tf", "live/chain"} {
		if f, err := tree.File(name); err != nil || string(f.Src) != "inside" {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	for _, name := range []string{"live/escape", "live/absolute", "live/loop", "live/nowhere", "live/module/gone"} {
		if f, err := tree.File(name); err == nil {
			t.Errorf("%s gives %q", name, f.Src)
		}
	}
	if _, err := tree.File("live/absolute"); !errors.Is(err, source.ErrOutside) {
		t.Errorf("an absolute link: %v", err)
	}
}

func TestLargeFilesOfACommitAreNotRead(t *testing.T) {
	dir := repository(t)
	write(t, filepath.Join(dir, "large.json"), strings.Repeat(" ", source.MaxFileSize+1))
	write(t, filepath.Join(dir, "small.json"), "{}")
	tree := source.NewTree(commitFSOf(t, dir))
	if _, err := tree.File("large.json"); !errors.Is(err, source.ErrTooLarge) {
		t.Errorf("large.json: %v", err)
	}
	if f, err := tree.File("small.json"); err != nil || string(f.Src) != "{}" {
		t.Errorf("small.json: %v, %v", f, err)
	}
}

func TestIndexHidesWhatIsNotInIt(t *testing.T) {
	dir := repository(t)
	for _, name := range []string{"a/tracked.tf", "a/untracked.tf", "b/untracked.tf", "a/.terraform/modules/m/main.tf"} {
		write(t, filepath.Join(dir, name), name)
	}
	git(t, dir, "add", "a/tracked.tf")
	index, err := readIndex(dir)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	tree := source.NewTree(indexFS{root.FS(), index})
	for name, want := range map[string]bool{
		"a/tracked.tf": true, "a/untracked.tf": false, "b": false, "b/untracked.tf": false, "a/.terraform/modules/m/main.tf": true, "a": true,
	} {
		if got := tree.Exists(name); got != want {
			t.Errorf("%s exists: %v, want %v", name, got, want)
		}
	}
	entries, err := tree.ReadDir("a")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.DeleteFunc(slices.Clone(entries), func(e source.Entry) bool { return e.Name() == "tracked.tf" || e.Name() == ".terraform" })
	if len(names) > 0 {
		t.Errorf("a lists %v too", names)
	}
}
