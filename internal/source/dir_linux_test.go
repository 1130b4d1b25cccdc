package source

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The short way opens nothing that os.Root does not, and what it opens is the same.
func TestTheShortWayIsThatOfRoot(t *testing.T) {
	outside := t.TempDir()
	write(t, filepath.Join(outside, "secret"), "secret")
	dir := t.TempDir()
	for _, name := range []string{"sub", "sub/deep", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "in.tf"), "in")
	write(t, filepath.Join(dir, "sub/deep/in.tf"), "deep")
	write(t, filepath.Join(dir, "empty.tf"), "")
	write(t, filepath.Join(dir, "long.tf"), strings.Repeat("long", 20_000))
	for i := range 300 { // more than one call lists
		write(t, filepath.Join(dir, "sub", fmt.Sprint(strings.Repeat("n", 100), i)), fmt.Sprint(i))
	}
	for name, target := range map[string]string{
		"to-file": "in.tf", "to-dir": "sub", "sub/deep/up": "../../in.tf", "sub/deep/over": "../../../in.tf", "dot": ".",
		"whole": filepath.Join(dir, "in.tf"), "out": filepath.Join(outside, "secret"), "out-dir": outside,
		"beside": "../" + filepath.Base(outside) + "/secret", "loop": "loop", "broken": "missing", "proc": "/proc/self/environ",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if fd, err := unix.Openat2(int(d.self.Fd()), ".", &unix.OpenHow{}); err != nil {
		t.Skipf("this machine has no short way: %v", err) // an older kernel, or a container that does not let it through
	} else {
		unix.Close(fd)
	}
	opened := 0
	for _, name := range []string{
		"in.tf", "sub/deep/in.tf", "empty.tf", "long.tf", "to-file", "to-dir/deep/in.tf", "sub/deep/up", "sub/deep/over", "dot/in.tf", "dot/dot/sub/deep/up",
		"whole", "out", "out-dir/secret", "beside", "loop", "broken", "proc", "missing", "in.tf/x", "../" + filepath.Base(outside) + "/secret",
		"sub/../in.tf", "/etc/passwd", "", "in.tf/", "a\x00b", strings.Repeat("x", 5000),
	} {
		short, shortErr := "", fs.ErrNotExist
		if f, ok := d.open(name); ok {
			opened++
			src, err := io.ReadAll(f)
			short, shortErr = string(src), err
			if info, err := f.Stat(); err != nil || info.Size() != int64(len(src)) || !info.Mode().IsRegular() {
				t.Errorf("%q: %v, %v", name, info, err)
			}
			f.Close()
		}
		want, err := fs.ReadFile(d.root.FS(), name)
		if short != string(want) || (shortErr == nil) != (err == nil) {
			t.Errorf("%q: the short way gives %.20q, %v, os.Root %.20q, %v", name, short, shortErr, want, err)
		}
	}
	if opened != 9 {
		t.Errorf("the short way opens %d files, want 9", opened)
	}
	for _, name := range []string{"fifo", "sub", "."} {
		f, ok := d.open(name)
		if !ok {
			t.Fatalf("%s is not opened", name)
		}
		if info, err := f.Stat(); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s is a regular file", name)
		}
		f.Close()
	}
	listed := 0
	for _, name := range []string{".", "sub", "sub/deep", "empty", "to-dir", "dot", "out-dir", "in.tf", "missing", "loop", ".."} {
		got, ok := d.list(name)
		want, err := fs.ReadDir(d.root.FS(), name)
		if !ok {
			if err == nil {
				t.Errorf("the short way does not list %s", name)
			}
			continue
		}
		listed++
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: the short way lists %d files, os.Root %d, %v", name, len(got), len(want), err)
		}
		for i, e := range got {
			if e.Name() != want[i].Name() || e.Type() != want[i].Type() || e.IsDir() != want[i].IsDir() {
				t.Errorf("%s: file %d is %v, want %v", name, i, e, want[i])
			}
			info, err := e.Info()
			if err != nil || info.Name() != e.Name() || info.Mode().Type() != e.Type() {
				t.Errorf("%s/%s: %v, %v", name, e.Name(), info, err)
			}
		}
	}
	if listed != 6 {
		t.Errorf("the short way lists %d directories, want 6", listed)
	}
}
