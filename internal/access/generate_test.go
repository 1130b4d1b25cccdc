package access

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/trustvet/trustvet/internal/policy"
)

// A vocabulary is what policies and requests are made of: that of the vectors.
type vocabulary struct {
	principals, actions []json.RawMessage // of statements
	operators           map[string][]string
	values              map[string][]string // of a key in policies
	keys                []string
	callers             []string
	context             map[string][]Attribute // of a key in requests
	contextKeys         []string
}

var vocabularyOfVectors = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{operators: map[string][]string{}, values: map[string][]string{}, context: map[string][]Attribute{}}
	add := func(list *[]json.RawMessage, raw json.RawMessage) {
		if raw != nil && !slices.ContainsFunc(*list, func(o json.RawMessage) bool { return string(o) == string(raw) }) {
			*list = append(*list, raw)
		}
	}
	unique := func(list []string, s string) []string {
		if slices.Contains(list, s) {
			return list
		}
		return append(list, s)
	}
	list, err := readVectors("testdata/decide.jsonl")
	if err != nil {
		panic(err)
	}
	for _, c := range list {
		var p struct {
			Statement []struct {
				Principal, Action json.RawMessage
				Condition         map[string]map[string]any
			}
		}
		if json.Unmarshal(c.Policy, &p) != nil {
			continue
		}
		for _, s := range p.Statement {
			add(&v.principals, s.Principal)
			add(&v.actions, s.Action)
			for operator, keys := range s.Condition {
				for key, value := range keys {
					v.keys = unique(v.keys, key)
					v.operators[key] = unique(v.operators[key], operator)
					switch value := value.(type) {
					case string:
						v.values[key] = unique(v.values[key], value)
					case []any:
						for _, e := range value {
							if s, ok := e.(string); ok {
								v.values[key] = unique(v.values[key], s)
							}
						}
					}
				}
			}
		}
		if c.Principal != "*" {
			v.callers = unique(v.callers, c.Principal)
		}
		for _, a := range c.Context {
			if !slices.ContainsFunc(v.context[a.Key], func(o Attribute) bool { return o.String() == a.String() }) {
				v.context[a.Key] = append(v.context[a.Key], a)
			}
			v.contextKeys = unique(v.contextKeys, a.Key)
		}
	}
	slices.Sort(v.keys)
	slices.Sort(v.contextKeys)
	for _, k := range v.keys {
		slices.Sort(v.operators[k])
		slices.Sort(v.values[k])
	}
	return v
})

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// A spec is a policy as the generator makes it, before it is written.
type spec struct {
	Version    string          `json:",omitempty"`
	Statements []specStatement `json:"Statement"`
}

type specStatement struct {
	Effect                  string
	Principal, NotPrincipal json.RawMessage `json:",omitempty"`
	Action                  json.RawMessage
	Condition               map[string]map[string][]string `json:",omitempty"`
}

func (v *vocabulary) statement(r *rand.Rand) specStatement {
	s := specStatement{Effect: "Allow", Principal: pick(r, v.principals), Action: pick(r, v.actions)}
	if r.IntN(3) == 0 {
		s.Effect = "Deny"
		if r.IntN(5) == 0 {
			s.NotPrincipal, s.Principal = s.Principal, nil
		}
	}
	for range r.IntN(4) {
		key := pick(r, v.keys)
		operator := pick(r, v.operators[key])
		if s.Condition == nil {
			s.Condition = map[string]map[string][]string{}
		}
		if s.Condition[operator] == nil {
			s.Condition[operator] = map[string][]string{}
		}
		var values []string
		for range 1 + r.IntN(3) {
			values = append(values, pick(r, v.values[key]))
		}
		s.Condition[operator][key] = values
	}
	return s
}

func (v *vocabulary) policy(r *rand.Rand) spec {
	p := spec{Version: "2012-10-17"}
	switch r.IntN(10) {
	case 0:
		p.Version = ""
	case 1:
		p.Version = "2008-10-17"
	}
	for range 1 + r.IntN(4) {
		p.Statements = append(p.Statements, v.statement(r))
	}
	return p
}

func (p spec) JSON() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (v *vocabulary) request(r *rand.Rand) Request {
	q := Request{Principal: pick(r, v.callers), Action: pick(r, roleActions[:4])}
	for _, k := range v.contextKeys {
		if r.IntN(2) == 0 {
			q.Context = append(q.Context, pick(r, v.context[k]))
		}
	}
	return q
}

// realRequest returns a request that can happen: its keys are those that the domains have.
func (v *vocabulary) realRequest(r *rand.Rand, d *policy.Document) Request {
	q := newQuestion(worlds(d)[0], Options{}, false, most(d))
	request := v.request(r)
	c, ok := exact(request.Principal)
	switch {
	case ok:
	case strings.HasSuffix(request.Principal, ":root"):
		c = class{kind: Root, account: accountOf(request.Principal)}
	case strings.HasSuffix(request.Principal, "amazonaws.com") && !strings.HasPrefix(request.Principal, "cognito"):
		c = class{kind: Service, name: request.Principal}
	default:
		c, _ = provider(request.Principal)
	}
	request.Action = mainAction(c.kind)
	if r.IntN(8) == 0 {
		request.Action = TagSession
	}
	var context Context
	for _, name := range v.contextKeys {
		domain := q.domain(&c, &key{name, strings.ToLower(name)})
		if domain.absent && r.IntN(2) == 0 {
			continue
		}
		if !domain.single && !domain.list {
			continue
		}
		var fits []string
		for _, a := range v.context[name] {
			for _, value := range a.Values {
				if pass(domain.tests, value) {
					fits = append(fits, value)
				}
			}
		}
		for _, sample := range domain.sample {
			if pass(domain.tests, sample) {
				fits = append(fits, sample)
			}
		}
		if len(fits) == 0 {
			if domain.absent {
				continue
			}
			choice := choice{domain.tests, &domain}
			value, found, _ := choice.find(&budget{left: work})
			if !found {
				panic("an empty domain: " + name)
			}
			fits = []string{value}
		}
		context = append(context, Attribute{Key: name, Values: []string{pick(r, fits)}, List: !domain.single})
	}
	request.Context = context
	return request
}
