package terraform

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

func fileFunction(name string) builtin {
	switch name {
	case "file", "filebase64":
		return fileFunc
	case "fileexists":
		return fileexistsFunc
	case "fileset":
		return filesetFunc
	case "templatefile", "templatestring":
		return templateFunc
	case "abspath", "basename", "dirname", "pathexpand":
		return pathFunc
	}
	return nil
}

// fileText returns the content of f as a string.
func fileText(f *source.File) *value {
	return text(string(f.Src), source.Span{File: f, Start: 0, End: len(f.Src)})
}

// fileError says why a file was not read, without the operating system's words for where it looked.
func fileError(err error) string {
	switch {
	case errors.Is(err, source.ErrOutside):
		return "it lies outside the scanned tree"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, source.ErrTooLarge):
		return "it is too large"
	case errors.Is(err, source.ErrNotRegular):
		return "it is not a regular file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	return "it cannot be opened"
}

// fileProblem reports a file that the code asks for and that trustvet refuses to read.
func (e *evaluator) fileProblem(span source.Span, err error, reason string) {
	if e.aside {
		return
	}
	if errors.Is(err, source.ErrOutside) || errors.Is(err, source.ErrTooLarge) || errors.Is(err, source.ErrNotRegular) {
		e.l.problem(source.Problem{Span: span, Message: reason})
	}
}

func fileFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	name, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.String)
	}
	f, err := c.s.file(name, c.span)
	if err != nil {
		return err
	}
	if encrypted(f.Src) {
		c.e.l.encryptedProblem(f)
		u := c.unknown(cty.String)
		u.hole.Reason = name + " is " + encryptedReason
		return u
	}
	v := fileText(f).through(c.span)
	if c.name == "filebase64" {
		return c.base64(v)
	}
	if !utf8.Valid(f.Src) {
		return c.fail("%s is not UTF-8", name)
	}
	return v
}

func fileexistsFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	name, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.Bool)
	}
	clean, pathErr := c.e.path(name)
	if pathErr != nil {
		return c.unknown(cty.Bool)
	}
	return boolean(c.e.l.tree.Exists(clean) && !c.e.l.tree.IsDir(clean), c.span)
}

func filesetFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	dir, ok1, err := c.literal(0)
	if err != nil {
		return err
	}
	pattern, ok2, err := c.literal(1)
	if err != nil {
		return err
	}
	if !ok1 || !ok2 {
		return c.unknown(cty.Set(cty.String))
	}
	clean, pathErr := c.e.path(dir)
	if pathErr != nil {
		return c.fail("%s lies outside the scanned tree", dir)
	}
	out := list(nil, c.span)
	out.set = true
	patterns := patternsOf(pattern)
	if len(patterns) > maxAlternativePatterns || len(pattern) > maxPattern {
		return limited(c.span, "a pattern for files with too many alternatives")
	}
	var names []string
	var walk func(at string, depth int) bool
	walk = func(at string, depth int) bool {
		if depth > 20 {
			return true
		}
		entries, err := c.e.l.tree.ReadDir(path.Join(clean, at))
		if err != nil {
			return true
		}
		for _, entry := range entries {
			if !c.e.spend(1) {
				return false
			}
			name := path.Join(at, entry.Name())
			if entry.IsDir() {
				if strings.Contains(pattern, "**") || strings.Count(pattern, "/") > depth {
					if !walk(name, depth+1) {
						return false
					}
				}
				continue
			}
			for _, p := range patterns {
				if !c.e.spend(1 + len(pattern)/64) {
					return false
				}
				if globSegments(p, strings.Split(name, "/")) {
					names = append(names, name)
					break
				}
			}
		}
		return true
	}
	if !walk("", 0) {
		return failed(c.span, c.e.spent)
	}
	slices.Sort(names)
	for _, name := range names {
		out.elems = append(out.elems, text(name, c.span))
	}
	return out
}

const (
	maxPattern             = 4096 // bytes
	maxAlternativePatterns = 1000
)

// patternsOf returns the patterns, split at their slashes, that one of path.Match with ** for any directories and {a,b} for
// alternatives stands for: some more than maxAlternativePatterns when there are more.
func patternsOf(pattern string) [][]string {
	if open := strings.IndexByte(pattern, '{'); open >= 0 {
		if end := strings.IndexByte(pattern[open:], '}'); end > 0 && strings.Count(pattern, "{") < 5 {
			var all [][]string
			for _, alt := range strings.Split(pattern[open+1:open+end], ",") {
				if all = append(all, patternsOf(pattern[:open]+alt+pattern[open+end+1:])...); len(all) > maxAlternativePatterns {
					break
				}
			}
			return all
		}
	}
	return [][]string{strings.Split(pattern, "/")}
}

// globSegments matches a path. Only the last "**" ever needs to be tried again, so the work is bounded by the product of the
// lengths.
func globSegments(pattern, names []string) bool {
	i, j := 0, 0
	star, resume := -1, 0
	for j < len(names) || i < len(pattern) {
		if i < len(pattern) && pattern[i] == "**" {
			star, resume = i, j
			i++
			continue
		}
		if i < len(pattern) && j < len(names) {
			if ok, err := path.Match(pattern[i], names[j]); err == nil && ok {
				i++
				j++
				continue
			}
		}
		if star < 0 || resume >= len(names) {
			return false
		}
		resume++
		i, j = star+1, resume
	}
	return true
}

func templateFunc(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	tmpl, err := c.str(0)
	if err != nil {
		return err
	}
	if c.name == "templatefile" {
		name, ok := tmpl.literal()
		if !ok {
			return c.unknown(cty.String)
		}
		f, err := c.s.file(name, c.span)
		if err != nil {
			return err
		}
		tmpl = fileText(f)
	} else if tmpl.kind == unknownKind {
		return c.unknown(cty.String)
	}
	vars := c.args[1]
	if vars.kind == unknownKind {
		return c.unknown(cty.String)
	}
	if vars.kind != objectKind {
		return c.fail("an object is needed, not %s", article(vars))
	}
	members, _ := vars.all()
	members = slices.Clone(members)
	for i, m := range members {
		members[i].val = m.val.through(vars.via...)
	}
	return c.s.renderTemplate(tmpl, members, c.span)
}

func pathFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	name, ok := s.literal()
	if !ok {
		return c.pathOfParts(s)
	}
	switch c.name {
	case "abspath":
		if !path.IsAbs(name) {
			name = path.Join(c.e.cwd(), name)
		}
		return text(path.Clean(name), s.span)
	case "basename":
		base := path.Base(name)
		if p := s.parts; len(p) == 1 && strings.HasSuffix(name, base) {
			v := stringOf([]policy.Part{p[0].Slice(len(name)-len(base), len(name))}, s.span)
			v.via = s.via
			return v
		}
		return text(base, s.span)
	case "dirname":
		return text(path.Dir(name), s.span)
	}
	if strings.HasPrefix(name, "~") {
		return c.unknown(cty.String)
	}
	return s
}

// pathOfParts is basename and dirname of a path that is not known whole: known behind its last slash.
func (c *call) pathOfParts(s *value) *value {
	if c.name != "basename" || s.kind != stringKind {
		return c.unknown(cty.String)
	}
	last := s.parts[len(s.parts)-1]
	if i := strings.LastIndexByte(last.Literal, '/'); last.Hole == nil && i >= 0 && i < len(last.Literal)-1 {
		return stringOf([]policy.Part{last.Slice(i+1, len(last.Literal))}, s.span)
	}
	return c.unknown(cty.String)
}
