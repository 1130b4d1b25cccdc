package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
	"github.com/trustvet/trustvet/rules"
)

// BaselineName is the name under which a baseline is written where none is given.
const BaselineName = ".trustvet-baseline.json"

// A Baseline is the findings that somebody has decided to live with for now. It knows them by what they say, not by where
// they are: lines, files and the order of statements may change.
type Baseline struct {
	Entries []Entry
}

// An Entry is a finding of a baseline.
type Entry struct {
	Rule string `json:"rule"`
	Role string `json:"role"`
	File string `json:"file"` // where it was; two roles with the same address are told apart by its directory
	ID   string `json:"id"`
}

type baselineFile struct {
	Version  int     `json:"version"`
	Findings []Entry `json:"findings"`
}

// ReadBaseline reads a baseline.
func ReadBaseline(f *source.File) (*Baseline, error) {
	var file baselineFile
	d := json.NewDecoder(bytes.NewReader(f.Src))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("%s: version %d is not known: this program reads version 1", f.Name, file.Version)
	}
	return &Baseline{file.Findings}, nil
}

// NewBaseline returns the baseline of findings.
func NewBaseline(findings []rules.Finding) *Baseline {
	b := &Baseline{Entries: []Entry{}}
	for i := range findings {
		b.Entries = append(b.Entries, entryOf(&findings[i]))
	}
	slices.SortFunc(b.Entries, Entry.compare)
	return b
}

func entryOf(f *rules.Finding) Entry {
	e := Entry{Rule: f.Rule.ID, Role: f.Role, ID: identity(f)}
	if f.Span.File != nil {
		e.File = f.Span.File.Name
	}
	return e
}

// identity is Fingerprint without the directory, so that moving a file changes nothing.
func identity(f *rules.Finding) string {
	h := sha256.New()
	facts := f.Facts
	if len(facts) == 0 {
		facts = []string{f.Message}
	}
	for _, p := range append([]string{f.Rule.ID, f.Role}, facts...) {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (e Entry) compare(f Entry) int {
	for _, c := range []int{
		strings.Compare(e.File, f.File), strings.Compare(e.Role, f.Role), strings.Compare(e.Rule, f.Rule), strings.Compare(e.ID, f.ID),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

// JSON returns the baseline as it is kept: one finding a line, so that two branches which change it merge.
func (b *Baseline) JSON() []byte {
	var out bytes.Buffer
	out.WriteString("{\"version\": 1, \"findings\": [\n")
	for i, e := range b.Entries {
		line, err := marshal(e)
		if err != nil {
			panic(err) // four strings
		}
		out.Write(line)
		if i < len(b.Entries)-1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("]}\n")
	return out.Bytes()
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// Apply divides findings into those that are new and the number that the baseline holds back, and returns the entries that
// are gone. An entry holds back one finding: the one in its own directory first, then one that has moved. Only an entry of
// which the file was looked at, or is no longer there, can be gone.
func (b *Baseline) Apply(findings []rules.Finding, in *Input) (fresh []rules.Finding, held int, gone []Entry) {
	open := map[string][]Entry{} // by ID
	for _, e := range b.Entries {
		open[e.ID] = append(open[e.ID], e)
	}
	take := func(id string, fits func(Entry) bool) bool {
		i := slices.IndexFunc(open[id], fits)
		if i < 0 {
			return false
		}
		open[id] = slices.Delete(open[id], i, i+1)
		held++
		return true
	}
	var moved []rules.Finding
	for i := range findings {
		here := entryOf(&findings[i])
		if !take(here.ID, func(e Entry) bool { return path.Dir(e.File) == path.Dir(here.File) }) {
			moved = append(moved, findings[i])
		}
	}
	for i := range moved {
		if !take(identity(&moved[i]), func(Entry) bool { return true }) {
			fresh = append(fresh, moved[i])
		}
	}
	for _, entries := range open {
		for _, e := range entries {
			if _, looked := slices.BinarySearch(in.Files, e.File); looked || !in.Tree.Exists(e.File) {
				gone = append(gone, e)
			}
		}
	}
	slices.SortFunc(gone, Entry.compare)
	return fresh, held, gone
}
