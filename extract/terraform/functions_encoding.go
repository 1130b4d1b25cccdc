package terraform

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/trustvet/trustvet/internal/policy"
)

func encodingFunction(name string) builtin {
	switch name {
	case "jsonencode":
		return func(c *call) *value {
			if err := c.arity(1, 1); err != nil {
				return err
			}
			arg := c.args[0]
			if arg.kind == unknownKind && arg.typ == cty.NilType && strings.HasPrefix(arg.hole.Expr, "jsondecode(") {
				return unknown(strings.TrimSuffix(strings.TrimPrefix(arg.hole.Expr, "jsondecode("), ")"), cty.String, c.span)
			}
			v := encoded(arg, c.span)
			size := 0
			for _, p := range v.parts {
				size += len(p.Literal)
			}
			if !c.e.spend(len(v.parts)) || !c.e.spendBytes(size) {
				return failed(c.span, c.e.spent)
			}
			return v
		}
	case "jsondecode":
		return func(c *call) *value {
			if err := c.arity(1, 1); err != nil {
				return err
			}
			return c.e.decode(c.args[0].asString(), c.span)
		}
	case "base64encode":
		return base64encodeFunc
	case "base64decode":
		return base64decodeFunc
	case "urlencode", "urldecode":
		return urlFunc
	case "yamldecode":
		return yamldecodeFunc
	}
	return nil
}

func base64encodeFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	s, err := c.str(0)
	if err != nil {
		return err
	}
	return c.base64(s)
}

// base64 returns the base64 of a string, which remembers the string.
func (c *call) base64(s *value) *value {
	lit, ok := s.literal()
	var out *value
	if ok {
		if !c.e.spendBytes(2 * len(lit)) {
			return failed(c.span, c.e.spent)
		}
		out = text(base64.StdEncoding.EncodeToString([]byte(lit)), s.span)
	} else {
		out = stringOf([]policy.Part{policy.HolePart(&policy.Hole{Expr: "base64encode(" + describe(s) + ")"}, c.span)}, c.span)
	}
	out.edit().plain = s
	return out
}

func base64decodeFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	if plain := c.args[0].more().plain; plain != nil {
		return plain
	}
	lit, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.String)
	}
	b, decodeErr := base64.StdEncoding.DecodeString(lit)
	if decodeErr != nil || !utf8.Valid(b) {
		return c.fail("not the base64 of a text")
	}
	return text(string(b), c.args[0].span)
}

func urlFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	lit, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.String)
	}
	if c.name == "urlencode" {
		return text(url.QueryEscape(lit), c.args[0].span)
	}
	s, unescapeErr := url.QueryUnescape(lit)
	if unescapeErr != nil {
		return c.fail("malformed URL encoding")
	}
	return text(s, c.args[0].span)
}
