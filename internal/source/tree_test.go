package source

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

func TestATreeIsTheOnlyThingThatIsRead(t *testing.T) {
	outside := t.TempDir()
	write(t, filepath.Join(outside, "secret"), "secret")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.tf"), "in")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"escape":     filepath.Join(outside, "secret"),
		"up":         "../" + filepath.Base(outside) + "/secret",
		"escape-dir": outside,
		"inner":      "in.tf",
		"sub/inner":  "../in.tf",
		"loop":       "loop",
		"null":       "/dev/null",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	large, err := os.Create(filepath.Join(dir, "large"))
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(MaxFileSize + 1); err != nil {
		t.Fatal(err)
	}
	large.Close()

	files := []struct {
		name string
		want error // nil: the file is read
	}{
		{"in.tf", nil},
		{"./sub/../in.tf", nil},
		{"inner", nil},
		{"sub/inner", nil},
		{"missing", fs.ErrNotExist},
		{"sub", ErrNotRegular},
		{"fifo", ErrNotRegular},
		{"large", ErrTooLarge},
		{"../" + filepath.Base(outside) + "/secret", ErrOutside},
		{filepath.Join(outside, "secret"), ErrOutside},
		{"sub/../../x", ErrOutside},
		{"escape", ErrOutside},
		{"up", ErrOutside},
		{"escape-dir/secret", ErrOutside},
		{"null", ErrOutside},
		{"loop", syscall.ELOOP},
		{"/etc/passwd", ErrOutside},
		{"caf\xe9.tf", ErrNotUTF8},
	}
	for _, listed := range []bool{false, true} {
		tree, err := OpenTree(dir)
		if err != nil {
			t.Fatal(err)
		}
		if listed { // a file that its directory says is regular is opened at once
			tree.ReadDir(".")
			tree.ReadDir("sub")
		}
		for _, test := range files {
			f, err := tree.File(test.name)
			if !errors.Is(err, test.want) || (err == nil) != (f != nil) {
				t.Errorf("%s, its directory listed %v: got %v, %v, want %v", test.name, listed, f, err, test.want)
			}
		}
	}
	tree, err := OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.ReadDir("escape-dir"); !errors.Is(err, ErrOutside) {
		t.Errorf("a directory outside is listed: %v", err)
	}
	if tree.IsDir("escape-dir") || tree.Exists("../x") || !tree.IsDir("sub") || !tree.Exists("in.tf") {
		t.Error("IsDir or Exists is wrong")
	}
}

func TestATreeReadsAFileOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "before")
	tree, err := OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := tree.File("a")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "a"), "after")
	if second, err := tree.File("./a"); err != nil || second != first || string(second.Src) != "before" {
		t.Errorf("read again: %q, %v", second.Src, err)
	}
}

func TestATreeReadsADirectoryOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "")
	tree, err := OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		entries, err := tree.ReadDir(".")
		if err != nil || len(entries) != 1 || entries[0].Name() != "a" || !entries[0].Type().IsRegular() || entries[0].IsDir() {
			t.Errorf("the directory holds %v, %v", entries, err)
		}
		write(t, filepath.Join(dir, "b"), "")
	}
	if err := os.Remove(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.File("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestADroppedFileIsReadAgain(t *testing.T) {
	tree := NewTree(fstest.MapFS{"a": &fstest.MapFile{Data: []byte("x")}})
	first, _ := tree.File("a")
	tree.Drop(first)
	if !tree.Dropped("a") {
		t.Error("the file is not dropped")
	}
	again, err := tree.File("a")
	if err != nil || string(again.Src) != "x" || again == first || tree.Dropped("a") {
		t.Errorf("the file read again: %v, %v", again, err)
	}
	if other, _ := tree.File("a"); other != again {
		t.Error("two files of one name are in use")
	}
	if tree.Drop(again); tree.Dropped("a") {
		t.Error("a file that two have asked for is dropped")
	}
}

func TestAFileThatSpeaksOfTrustvetIsKept(t *testing.T) {
	tree := NewTree(fstest.MapFS{"a": &fstest.MapFile{Data: []byte("# trustvet:ignore")}})
	f, _ := tree.File("a")
	if tree.Drop(f); tree.Dropped("a") {
		t.Error("the file is dropped")
	}
}

// The memory of a recycled file is that of the next one of about its size, and of no other.
func TestARecycledFileMakesRoom(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, size := range map[string]int{"a": 1000, "b": 990, "c": 990, "small": 10, "large": 2000} {
		fsys[name] = &fstest.MapFile{Data: bytes.Repeat([]byte(name[:1]), size)}
	}
	tree := NewTree(fsys)
	file := func(name string) *File {
		f, err := tree.File(name)
		if err != nil || !bytes.Equal(f.Src, fsys[name].Data) {
			t.Fatalf("%s: %v, %v", name, f, err)
		}
		return f
	}
	a := file("a")
	memory := &a.Src[0]
	if tree.Recycle(a); a.Src != nil || !tree.Dropped("a") {
		t.Error("the file is not recycled")
	}
	if file("small"); &file("large").Src[0] == memory || &file("b").Src[0] != memory || &file("c").Src[0] == memory {
		t.Error("the memory is that of another file than the next one of its size")
	}
	kept := file("c") // asked for twice
	if tree.Recycle(kept); kept.Src == nil {
		t.Error("a file that two have asked for is recycled")
	}
}

// failing is a file system in which a file of the name of an error gives that error.
type failing map[string]error

func (f failing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: f[name]}
}

// What the machine refuses to say is a problem, whoever asked and whatever they make of it; what is not there is none.
func TestWhatTheMachineRefusesIsAProblem(t *testing.T) {
	for what, ask := range map[string]func(*Tree, string){
		"File":    func(tree *Tree, name string) { tree.File(name) },
		"ReadDir": func(tree *Tree, name string) { tree.ReadDir(name) },
		"IsDir":   func(tree *Tree, name string) { tree.IsDir(name) },
		"Exists":  func(tree *Tree, name string) { tree.Exists(name) },
	} {
		tree := NewTree(failing{
			"denied": syscall.EACCES, "broken": syscall.EIO, "many": syscall.EMFILE,
			"missing": syscall.ENOENT, "below-file": syscall.ENOTDIR, "loop": syscall.ELOOP, "out": errors.New("path escapes from parent"),
		})
		for _, name := range []string{"denied", "broken", "many", "missing", "below-file", "loop", "out", "../outside", "denied"} {
			ask(tree, name)
		}
		var got []string
		for _, p := range tree.Problems() {
			if !p.Unreadable || p.Message == "" {
				t.Errorf("%s: %+v", what, p)
			}
			got = append(got, p.Name)
		}
		if want := []string{"broken", "denied", "many"}; !slices.Equal(got, want) {
			t.Errorf("%s: the problems are those of %q, want %q", what, got, want)
		}
	}
}

// A named pipe is not waited for, though it is taken for a directory or has come in the place of a file since that was listed.
func TestANamedPipeIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		tree, err := OpenTree(dir)
		if err != nil {
			done <- err
			return
		}
		_, err = tree.ReadDir("pipe")
		done <- err
		f, err := tree.fsys.(*Dir).openInRoot("pipe")
		if err == nil {
			f.Close()
		}
		done <- err
	}()
	for i, want := range []error{syscall.ENOTDIR, nil} {
		select {
		case err := <-done:
			if !errors.Is(err, want) {
				t.Errorf("%d: %v, want %v", i, err, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("somebody waits for the writer of the pipe")
		}
	}
}
