package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/trustvet/trustvet/internal/source"
)

// readParameters reads the values of a template's parameters as the AWS tools take them: a list of objects with
// ParameterKey and ParameterValue (aws cloudformation), an object under Parameters (CodePipeline, sam), or an object of
// names and values. Of an empty one it returns an empty map: a deployment in which every parameter has its default.
func readParameters(f *source.File) (map[string]string, error) {
	values := map[string]string{}
	switch trimmed := strings.TrimSpace(strings.TrimPrefix(string(f.Src), "\uFEFF")); {
	case strings.HasPrefix(trimmed, "["):
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(trimmed), &list); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		for _, raw := range list {
			var pair struct {
				ParameterKey   string
				ParameterValue any
			}
			var short string
			switch err := json.Unmarshal(raw, &pair); {
			case err == nil && pair.ParameterKey != "":
				values[pair.ParameterKey] = parameterText(pair.ParameterValue)
			case json.Unmarshal(raw, &short) == nil && strings.Contains(short, "="): // "NAME=VALUE"
				name, value, _ := strings.Cut(short, "=")
				values[name] = value
			default:
				return nil, fmt.Errorf("read %s: %s is not a parameter with ParameterKey and ParameterValue", f.Name, raw)
			}
		}
	default:
		var object map[string]any
		if err := json.Unmarshal([]byte(trimmed), &object); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		if inner, ok := object["Parameters"].(map[string]any); ok {
			object = inner
		}
		for name, value := range object {
			if _, nested := value.(map[string]any); nested {
				return nil, fmt.Errorf("read %s: %w", f.Name, errors.New(name+" is an object, not the value of a parameter"))
			}
			values[name] = parameterText(value)
		}
	}
	return values, nil
}

// parameterText returns the value of a parameter as CloudFormation takes it: a list is joined with commas.
func parameterText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case nil:
		return ""
	case []any:
		texts := make([]string, len(v))
		for i, e := range v {
			texts[i] = parameterText(e)
		}
		return strings.Join(texts, ",")
	}
	text, err := json.Marshal(value) // a number or a boolean
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
