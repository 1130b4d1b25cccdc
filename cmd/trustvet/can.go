package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/trustvet/trustvet/internal/access"
	"github.com/trustvet/trustvet/internal/policy"
	"github.com/trustvet/trustvet/internal/report"
	"github.com/trustvet/trustvet/internal/scan"
	"github.com/trustvet/trustvet/internal/source"
)

func canCommand(sys *system) *cobra.Command {
	var look lookFlags
	var action, cases, format, account string
	var context, paths []string
	cmd := &cobra.Command{
		Use:   "can CALLER ROLE",
		Short: "Say whether a call for a role would be allowed, and by which statement",
		Long: "CALLER is an ARN, an account id, a service principal, the domain of an identity provider, or * for an anonymous\n" +
			"caller. ROLE is the address of a role, or the end of it.\n\n" +
			"With --cases it decides JSON lines instead: {\"id\", \"policy\", \"principal\", \"action\", \"context\", \"role\"} each, and\n" +
			"prints {\"id\", \"decision\", \"statement\"} for each, in order.",
		Args: func(cmd *cobra.Command, args []string) error {
			if cases != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(2)(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if cases != "" {
				return decideCases(sys, cases)
			}
			if format != "text" && format != "json" {
				return fmt.Errorf("unknown format %q: it is one of text, json", format)
			}
			request := access.Request{Principal: caller(args[0]), Action: action}
			for _, kv := range context {
				a, err := attribute(kv)
				if err != nil {
					return err
				}
				request.Context = append(request.Context, a)
			}
			in, opts, err := look.open(sys, paths)
			if err != nil {
				return err
			}
			result := scan.Run(in, opts)
			docs, err := rolesNamed(result.Documents, args[1])
			if err != nil {
				return err
			}
			var answers []report.Answer
			for _, d := range docs {
				w := world(d)
				if account != "" {
					w.OwnAccount = account
				}
				answers = append(answers, report.Answer{Document: d, Request: request, Explanation: access.Explain(d, request, w)})
			}
			if format == "json" {
				return failed(report.CanJSON(sys.Stdout, answers))
			}
			return failed(report.CanText(sys.Stdout, answers, report.TextOptions{Dir: relativeTo(in.Root, sys.Dir)}))
		},
	}
	look.add(cmd)
	f := cmd.Flags()
	f.StringVar(&action, "action", access.AssumeRole, "the `ACTION` that is called")
	f.StringArrayVar(&context, "context", nil, "a condition key of the call: `KEY=VALUE`, KEY=[V1,V2] for a multivalued one; may be repeated")
	f.StringVar(&account, "account", "", "the account `ID` that the role is in, where the code does not say it")
	f.StringArrayVar(&paths, "path", nil, "where to look for the role; may be repeated (default .)")
	f.StringVar(&cases, "cases", "", "decide the JSON lines of `FILE`, - for the standard input")
	f.StringVar(&format, "format", "text", "what to print: text, json")
	complete(cmd, "format", []string{"text", "json"})
	return cmd
}

// caller returns the principal that a person means: an account id is its root.
func caller(s string) string {
	if len(s) == 12 && strings.Trim(s, "0123456789") == "" {
		return "arn:aws:iam::" + s + ":root"
	}
	return s
}

// attribute reads KEY=VALUE or KEY=[V1,V2].
func attribute(kv string) (access.Attribute, error) {
	key, value, ok := strings.Cut(kv, "=")
	if !ok || key == "" {
		return access.Attribute{}, fmt.Errorf("--context %s: it must be KEY=VALUE", kv)
	}
	a := access.Attribute{Key: key, Values: []string{value}}
	if strings.HasPrefix(value, "[") && strings.HasSuffix(value, "]") {
		a.List, a.Values = true, nil
		for _, v := range strings.Split(value[1:len(value)-1], ",") {
			if v = strings.TrimSpace(v); v != "" {
				a.Values = append(a.Values, v)
			}
		}
	}
	return a, nil
}

// rolesNamed returns the policies of the one role of that address, or whose address ends in that name.
func rolesNamed(docs []*policy.Document, name string) ([]*policy.Document, error) {
	var found []*policy.Document
	for _, exact := range []bool{true, false} {
		for _, d := range docs {
			if d.Role == name || !exact && strings.HasSuffix(d.Role, "."+name) {
				found = append(found, d)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	var known []string
	for _, d := range docs {
		known = append(known, d.Role)
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("no role %q: there are no roles here", name)
	}
	if len(known) > 20 {
		known = append(known[:20], "…")
	}
	return nil, fmt.Errorf("no role %q; there are %s", name, strings.Join(known, ", "))
}

// world returns what the code says of the account that the role is in.
func world(d *policy.Document) access.World {
	account, _ := d.Account.Literal()
	return access.World{OwnAccount: account}
}

// A decisionCase is one line of --cases.
type decisionCase struct {
	ID     json.RawMessage `json:"id"`
	Policy json.RawMessage `json:"policy"`
	Role   string          `json:"role"` // its ARN, or its name
	access.Request
}

type decided struct {
	ID        json.RawMessage `json:"id"`
	Decision  string          `json:"decision"`
	Statement *int            `json:"statement"` // null when none matches
}

// decideCases decides the lines of a file, many at a time, and prints the answers in their order.
func decideCases(sys *system, path string) error {
	r := sys.Stdin
	if path != "-" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(sys.Dir, path)
		}
		f, err := os.Open(path)
		if err != nil {
			return failed(err)
		}
		defer f.Close()
		r = f
	}
	in := bufio.NewReaderSize(r, 1<<20)
	out := bufio.NewWriterSize(sys.Stdout, 1<<20)
	const batch = 2048
	for n := 1; ; {
		var lines [][]byte
		var end error
		for len(lines) < batch && end == nil {
			var line []byte
			line, end = in.ReadBytes('\n')
			if line = bytes.TrimSpace(line); len(line) > 0 {
				lines = append(lines, line)
			} else if end == nil {
				lines = append(lines, nil) // an empty line keeps its number
			}
		}
		answers, errs := decideLines(lines)
		for i := range lines {
			if errs[i] != nil {
				return &exitError{exitUnreadable, fmt.Sprintf("line %d: %v", n+i, errors.Join(errs[i], out.Flush()))}
			}
			out.Write(answers[i])
		}
		n += len(lines)
		if end == io.EOF {
			return failed(out.Flush())
		}
		if end != nil {
			return failed(errors.Join(end, out.Flush()))
		}
	}
}

func decideLines(lines [][]byte) (answers [][]byte, errs []error) {
	answers, errs = make([][]byte, len(lines)), make([]error, len(lines))
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < len(lines); i += workers {
				if lines[i] != nil {
					if err := source.Survive(func() { answers[i], errs[i] = decideLine(lines[i]) }); err != nil {
						errs[i] = err
					}
				}
			}
		}()
	}
	wg.Wait()
	return answers, errs
}

func decideLine(line []byte) ([]byte, error) {
	var c decisionCase
	if err := json.Unmarshal(line, &c); err != nil {
		return nil, err
	}
	file := source.NewFile("policy", c.Policy)
	v, err := policy.ParseJSON(policy.String(string(c.Policy), source.Span{File: file, Start: 0, End: len(c.Policy)}))
	if err != nil {
		return nil, err
	}
	d := policy.Parse(c.Role, v)
	var w access.World
	if parts := strings.SplitN(c.Role, ":", 6); len(parts) == 6 {
		w.Partition, w.OwnAccount = parts[1], parts[4]
	}
	decision, by := access.Decide(d, c.Request, w)
	answer := decided{ID: c.ID, Decision: decision.String()}
	if by != nil {
		answer.Statement = &by.Index
	}
	b, e := json.Marshal(answer)
	return append(b, '\n'), e
}
