// Package extract reads files and gives the trust policies in them, whatever language they are written in. It picks the
// extractor for each file, and nothing else: it knows no rule and judges nothing.
package extract

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/extract/cloudformation"
	"github.com/trustvet/trustvet/extract/policyfile"
	"github.com/trustvet/trustvet/extract/terraform"
	"github.com/trustvet/trustvet/internal/parallel"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/source"
)

// Options are what the extractors may be told about the world outside the files.
type Options struct {
	Terraform      terraform.Options
	CloudFormation cloudformation.Options
	// Verify: the policies of templates are worked out by goformation as well, and what differs is a problem.
	Verify bool
}

// A Result is what the files hold, in an order that depends on nothing but the files.
type Result struct {
	Documents  []*policy.Document
	Companions []*policy.Companion
	Problems   []source.Problem
}

// A Language is what a file may be written in.
type Language uint8

const (
	None         Language = iota // no language that can hold a trust policy
	Terraform                    // Terraform or OpenTofu, its variable files, Terragrunt
	DataOrPolicy                 // YAML or JSON: a CloudFormation template or policy JSON
	Policy                       // anything else that may hold policy JSON
)

// LanguageOf says by its name what a file may be written in.
func LanguageOf(name string) Language {
	base := path.Base(name)
	for _, suffix := range []string{".tf", ".tofu", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json", "terragrunt.hcl", "root.hcl"} {
		if strings.HasSuffix(base, suffix) {
			return Terraform
		}
	}
	switch ext := strings.ToLower(path.Ext(base)); ext {
	case ".yaml", ".yml", ".json", ".template", ".cfn", ".cform", ".jinja", ".jinja2", ".j2", ".tpl", ".tmpl", ".txt":
		return DataOrPolicy
	case ".go", ".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".rb", ".java", ".kt", ".rs", ".c", ".h", ".cc", ".cpp", ".cs", ".php",
		".sh", ".bash", ".ps1", ".md", ".mdx", ".rst", ".adoc", ".html", ".htm", ".css", ".scss", ".svg", ".xml", ".sql", ".snap", ".lock", ".sum",
		".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".pdf", ".zip", ".gz", ".tgz", ".tar", ".jar", ".whl", ".so", ".exe", ".bin", ".wasm",
		".woff", ".woff2", ".ttf", ".eot", ".mp4", ".csv", ".tsv", ".log", ".ipynb", ".pem", ".crt", ".key", ".pyc", ".map", ".drawio", ".hcl":
		return None
	}
	return Policy
}

// maxPolicyFile is the size in bytes past which a file of unknown kind is not read in search of a policy. IAM takes 8192
// characters; white space does not count.
const maxPolicyFile = 128 << 10

// Extract returns the trust policies in the files of that name.
func Extract(tree *source.Tree, files []string, opts Options) Result {
	var configuration, others []string
	for _, name := range files {
		switch LanguageOf(name) {
		case Terraform:
			configuration = append(configuration, name)
		case DataOrPolicy, Policy:
			others = append(others, name)
		}
	}
	results := make([]dataResult, len(others))
	r := reader{tree: tree, opts: &opts}
	parallel.Each(len(others), func(i int) {
		results[i] = guarded(others[i], func() dataResult { return r.data(others[i]) })
		r.kept.Add(i, results[i].kept)
	})
	kept := 0
	for i := range results {
		r := &results[i]
		if kept > source.MaxKept && r.kept > 0 {
			*r = dataResult{Result: Result{Problems: []source.Problem{{Name: others[i], Unreadable: true,
				Message: fmt.Sprintf("not looked at: the files before it hold more than %d bytes", source.MaxKept)}}}}
			tree.Forget(others[i])
			continue
		}
		kept += r.kept
	}
	var all Result
	if len(configuration) > 0 {
		tf := opts.Terraform
		tf.Stack = func(s terraform.Stack) ([]*policy.Document, []*policy.Companion, []source.Problem) {
			return cloudformation.ExtractText(tree, s.File, s.Body, opts.CloudFormation)
		}
		all = guarded(".", func() (r dataResult) {
			r.Documents, r.Companions, r.Problems = terraform.Extract(tree, configuration, tf)
			return r
		}).Result
	}
	var policies []*policy.Document
	for _, r := range results {
		if r.policyFile {
			policies = append(policies, r.Documents...)
		} else {
			all.Documents = append(all.Documents, r.Documents...)
		}
		all.Companions = append(all.Companions, r.Companions...)
		all.Problems = append(all.Problems, r.Problems...)
	}
	if len(policies) > 0 {
		all.Documents = append(all.Documents, slices.DeleteFunc(policies, readElsewhere(all.Documents))...)
	}
	slices.SortStableFunc(all.Documents, compareDocuments)
	policy.SortCompanions(all.Companions)
	all.Problems = source.SortProblems(append(all.Problems, tree.Problems()...))
	return all
}

// A dataResult is what a file that is not Terraform's own holds.
type dataResult struct {
	Result
	policyFile bool // the documents are whole policies, which something else may read
	kept       int  // bytes, 0 when nothing is
}

// What a document, each of its values and a problem count as, in bytes that are kept.
const documentSize, valueSize, problemSize = 2000, 300, 200

// size returns about what r takes in memory.
func (r *dataResult) size() int {
	n := problemSize * len(r.Problems)
	for _, d := range r.Documents {
		n += documentSize
		if d.Value != nil {
			n += valueSize * d.Value.Count(policy.MaxValues)
		}
	}
	return n
}

// A reader reads the files that are not written in Terraform's language.
type reader struct {
	tree  *source.Tree
	opts  *Options
	kept  parallel.Bill // by the files
	large sync.Mutex    // held while a large file is read
}

// largeFile is the size in bytes past which files are read one at a time: what is made of one may be twenty times its size.
const largeFile = 4 << 20

// guarded returns what read returns of the file or directory of that name. Should read panic, nothing of the others is lost.
func guarded(name string, read func() dataResult) (r dataResult) {
	if err := source.Survive(func() { r = read() }); err != nil {
		return dataResult{Result: Result{Problems: []source.Problem{{Name: name, Unreadable: true, Message: err.Error()}}}}
	}
	return r
}

// data reads a file that is not written in Terraform's language: a template, a plan, or else policy JSON. When too much is kept
// already, it says only whether the file would be kept.
func (r *reader) data(name string) (result dataResult) {
	file, err := r.tree.File(name)
	if errors.Is(err, source.ErrTooLarge) {
		// No template or policy is that large, while data is.
		return dataResult{Result: Result{Problems: []source.Problem{{Name: name, Message: "not read: it " + source.Reason(err)}}}}
	}
	if err != nil {
		return dataResult{Result: Result{Problems: []source.Problem{{Name: name, Message: source.Reason(err), Unreadable: true}}}}
	}
	if len(file.Src) > largeFile {
		r.large.Lock()
		defer r.large.Unlock()
	}
	result = r.read(file)
	size := len(file.Src)
	if result.Documents == nil && len(result.Companions)+len(result.Problems) == 0 && r.tree.Recycle(file) {
		return result
	}
	result.kept = size + result.size()
	if r.kept.Exceeds(source.MaxKept) {
		r.tree.Forget(name)
		return dataResult{kept: result.kept} // Extract says the rest
	}
	return result
}

func (r *reader) read(file *source.File) dataResult {
	if LanguageOf(file.Name) == DataOrPolicy {
		if docs, problems, isPlan := terraform.ExtractPlan(r.tree, file); isPlan {
			return dataResult{Result: Result{docs, nil, problems}}
		}
		docs, companions, problems := cloudformation.Extract(r.tree, file, r.opts.CloudFormation)
		if r.opts.Verify && len(docs) > 0 {
			differences, _ := cloudformation.Verify(r.tree, file, r.opts.CloudFormation)
			problems = append(problems, differences...)
		}
		if docs != nil || len(problems) > 0 && !prose(file.Name) {
			return dataResult{Result: Result{docs, companions, problems}}
		}
	} else if len(file.Src) > maxPolicyFile {
		return dataResult{}
	}
	docs, problems := policyfile.Extract(file)
	return dataResult{Result: Result{docs, nil, problems}, policyFile: true}
}

// prose reports whether a file is, by its name, more often text that speaks of templates than a template.
func prose(name string) bool { return strings.EqualFold(path.Ext(name), ".txt") }

// readElsewhere reports the documents that another one of another file was made of: a policy that Terraform reads with
// file() is that role's policy and no second one.
func readElsewhere(docs []*policy.Document) func(*policy.Document) bool {
	used := map[*source.File][]source.Span{}
	for _, d := range docs {
		if d.Value == nil {
			continue
		}
		for _, leaf := range d.Value.Leaves() {
			if s := leaf.Value.Span; s.File != nil && s.File != d.Span.File {
				used[s.File] = append(used[s.File], s)
			}
		}
	}
	return func(d *policy.Document) bool { return slices.ContainsFunc(used[d.Span.File], d.Span.Contains) }
}

// compareDocuments orders documents by place and role. The alternatives of a role stay in the order of the extractor: the
// one under the defaults comes first.
func compareDocuments(a, b *policy.Document) int {
	if c := a.Span.Compare(b.Span); c != 0 {
		return c
	}
	return strings.Compare(a.Role, b.Role)
}
