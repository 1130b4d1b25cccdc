package scan

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// ConfigName is the name under which a configuration is found, from the working directory up to the root.
const ConfigName = ".trustvet.yaml"

// A Config is what a repository says about its world. The zero Config is a good one: what is not said lowers the level of
// findings and never makes one.
type Config struct {
	Rules   rules.Options
	exclude ignoreFile
	ignores []*ignore
}

// FindConfig returns the name of the configuration that holds for dir: the one in it or in the nearest directory above, ""
// when there is none.
func FindConfig(tree *source.Tree, dir string) string {
	for {
		if name := path.Join(dir, ConfigName); tree.Exists(name) {
			return name
		}
		if dir == "." {
			return ""
		}
		dir = path.Dir(dir)
	}
}

// maxConfig is the size in bytes past which a configuration is not read: room for the accounts of the largest organizations.
const maxConfig = 1 << 20

// ReadConfig reads a configuration. Its error names each mistake with its line.
func ReadConfig(f *source.File) (*Config, error) {
	if len(f.Src) > maxConfig {
		return nil, fmt.Errorf("%s: is larger than %d bytes", f.Name, maxConfig)
	}
	c := &configReader{file: f, config: &Config{exclude: ignoreFile{dir: "."}}}
	var doc yaml.Node
	if err := yaml.Unmarshal(f.Src, &doc); err != nil {
		return nil, fmt.Errorf("%s: %s", f.Name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if doc.Kind == yaml.DocumentNode && !isNull(doc.Content[0]) {
		c.mapping(doc.Content[0], configKeys)
	}
	return c.config, errors.Join(c.errs...)
}

type configReader struct {
	file   *source.File
	config *Config
	errs   []error
}

func (c *configReader) fail(n *yaml.Node, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s", c.file.Name, n.Line, fmt.Sprintf(format, args...)))
}

// A configKey is a key of a mapping and what reads its value.
type configKey struct {
	name string
	read func(*configReader, *yaml.Node)
}

var configKeys = []configKey{
	{"own_accounts", func(c *configReader, n *yaml.Node) {
		c.config.Rules.OwnAccounts = c.list(n, account(), "an account id: 12 digits")
	}},
	{"trusted_accounts", func(c *configReader, n *yaml.Node) {
		c.config.Rules.TrustedAccounts = c.list(n, account(), "an account id: 12 digits")
	}},
	{"trusted_organizations", func(c *configReader, n *yaml.Node) {
		c.config.Rules.TrustedOrganizations = c.list(n, organization(), "an organization: o-… or the path of a unit, o-…/r-…/ou-…/")
	}},
	{"trusted_vendors", func(c *configReader, n *yaml.Node) { c.config.Rules.TrustedVendors = c.list(n, anything(), "a name") }},
	{"github_organizations", func(c *configReader, n *yaml.Node) {
		c.config.Rules.GitHubOrganizations = c.list(n, githubName(), "the name of a GitHub organization or user")
	}},
	{"rules", (*configReader).levels},
	{"exclude", func(c *configReader, n *yaml.Node) {
		for _, line := range c.list(n, anything(), "a pattern as in .gitignore") {
			if p, ok := parseIgnorePattern(line); ok {
				c.config.exclude.patterns = append(c.config.exclude.patterns, p)
			}
		}
	}},
	{"ignore", (*configReader).ignoreList},
	{"now", func(c *configReader, n *yaml.Node) {
		if t, ok := instant(c.scalar(n)); ok {
			c.config.Rules.Now = t
		} else {
			c.fail(n, "now must be a date, 2027-01-31 or 2027-01-31T12:00:00Z")
		}
	}},
}

// The patterns of values. They are compiled when a configuration needs them, since every start of the program would pay.
var (
	account      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{12}$`) })
	organization = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^o-[a-z0-9]{10,32}(/r-[a-z0-9]{4,32}(/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})*/?)?$`)
	})
	githubName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`) })
	anything   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`.`) })
)

// mapping reads the keys of a mapping. Each may be there once, and no other.
func (c *configReader) mapping(n *yaml.Node, keys []configKey) {
	if n.Kind != yaml.MappingNode {
		c.fail(n, "this must be a mapping of %s", names(keys))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(keys, func(k configKey) bool { return k.name == key.Value })
		switch {
		case at < 0:
			c.fail(key, "unknown key %q: it is one of %s", key.Value, names(keys))
		case seen[key.Value]:
			c.fail(key, "%s is there twice", key.Value)
		case !isNull(value):
			keys[at].read(c, value)
		}
		seen[key.Value] = true
	}
}

func names(keys []configKey) string {
	var list []string
	for _, k := range keys {
		list = append(list, k.name)
	}
	return strings.Join(list, ", ")
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// scalar returns the text of a scalar as it is written, so that the account id 012345678901 needs no quotes.
func (c *configReader) scalar(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		c.fail(n, "this must be a single value")
		return ""
	}
	return n.Value
}

// list returns the scalars of a sequence, each of which must match.
func (c *configReader) list(n *yaml.Node, must *regexp.Regexp, what string) []string {
	if n.Kind != yaml.SequenceNode {
		c.fail(n, "this must be a list")
		return nil
	}
	var values []string
	for _, e := range n.Content {
		if e.Kind != yaml.ScalarNode || !must.MatchString(e.Value) {
			c.fail(e, "%q is not %s", e.Value, what)
			continue
		}
		values = append(values, e.Value)
	}
	return values
}

// levels reads the key rules: the level of a rule by its id.
func (c *configReader) levels(n *yaml.Node) {
	var keys []configKey
	for _, r := range rules.All {
		keys = append(keys, configKey{r.ID, func(c *configReader, n *yaml.Node) {
			level, ok := rules.ParseLevel(c.scalar(n))
			if n.Value == "false" && n.Tag == "!!bool" { // off is a boolean to YAML 1.1
				level, ok = rules.Off, true
			}
			if !ok {
				c.fail(n, "%q is not a level: off, note, warning or error", n.Value)
				return
			}
			if c.config.Rules.Levels == nil {
				c.config.Rules.Levels = map[string]rules.Level{}
			}
			c.config.Rules.Levels[r.ID] = level
		}})
	}
	c.mapping(n, keys)
}

// ignoreList reads the key ignore: a list of what to keep silent about in files that have no comments.
func (c *configReader) ignoreList(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		c.fail(n, "this must be a list")
		return
	}
	for _, e := range n.Content {
		ig := c.ignore(e)
		if ig == nil {
			continue
		}
		if ig.role == "" && ig.path == nil {
			c.fail(e, "an entry of ignore needs a role or a path")
			continue
		}
		c.config.ignores = append(c.config.ignores, ig)
	}
}

// ignore reads one entry: rule, role, path, reason, until. It returns nil when it is malformed.
func (c *configReader) ignore(n *yaml.Node) *ignore {
	errs := len(c.errs)
	ig := &ignore{span: c.span(n)}
	c.mapping(n, []configKey{
		{"rule", func(c *configReader, n *yaml.Node) {
			id := c.scalar(n)
			if rules.ByID(id) == nil {
				c.fail(n, "there is no rule %q", id)
			}
			ig.rules = []string{id}
		}},
		{"role", func(c *configReader, n *yaml.Node) { ig.role = c.scalar(n) }},
		{"path", func(c *configReader, n *yaml.Node) {
			p, ok := parseIgnorePattern(c.scalar(n))
			if !ok {
				c.fail(n, "path is not a pattern as in .gitignore")
			}
			ig.path = &p
		}},
		{"reason", func(c *configReader, n *yaml.Node) { ig.reason = c.scalar(n) }},
		{"until", func(c *configReader, n *yaml.Node) {
			var ok bool
			if ig.until, ok = instant(c.scalar(n)); !ok {
				c.fail(n, "until must be a date, 2027-01-31")
			}
		}},
	})
	if len(c.errs) > errs {
		return nil
	}
	if ig.rules == nil {
		c.fail(n, "an entry of ignore needs a rule")
		return nil
	}
	return ig
}

// span returns the place of a node: to the end of its line.
func (c *configReader) span(n *yaml.Node) source.Span {
	start := c.file.Offset(source.Position{Line: n.Line, Column: n.Column})
	next := c.file.Offset(source.Position{Line: n.Line, Column: len(c.file.Src) + 1}) // clamped to the line
	return source.Span{File: c.file, Start: start, End: start + len(bytes.TrimRight(c.file.Src[start:next], "\r"))}
}

// instant reads a date, or a date and time.
func instant(s string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// LoadConfig returns the configuration that FindConfig finds for the directory dir of in, the zero one when there is none.
func LoadConfig(in *Input, dir string) (*Config, error) {
	name := FindConfig(in.Tree, dir)
	if name == "" {
		return &Config{}, nil
	}
	f, err := in.Tree.File(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %s", name, source.Reason(err))
	}
	return ReadConfig(f)
}

// Exclude takes the files out of in that the configuration leaves out.
func (c *Config) Exclude(in *Input) {
	if len(c.exclude.patterns) == 0 {
		return
	}
	m := newMatching()
	in.Files = slices.DeleteFunc(in.Files, func(name string) bool { return c.excludes(m, name) })
	if m.exhausted() {
		in.Problems = append(in.Problems, source.Problem{Name: ConfigName, Unreadable: true,
			Message: "the patterns of exclude take too long to match: some of the files that they name are scanned"})
	}
}

func (c *Config) excludes(m *matching, name string) bool {
	for dir := name; dir != "."; dir = path.Dir(dir) {
		if m.ignored([]ignoreFile{c.exclude}, dir, dir != name) {
			return true
		}
	}
	return false
}
