package main

import (
	"testing"

	"github.com/trustvet/trustvet/internal/source"
)

// FuzzParameters: whatever a file of parameters holds, it is read or refused with its name.
func FuzzParameters(f *testing.F) {
	f.Add([]byte(`[{"ParameterKey": "a", "ParameterValue": "b"}, "c=d"]`))
	f.Add([]byte(`{"Parameters": {"a": ["b", 1, null, [true]]}, "Tags": {}}`))
	f.Add([]byte("\ufeff{\"a\": 1e999}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		values, err := readParameters(source.NewFile("p.json", src))
		if (values == nil) == (err == nil) {
			t.Fatalf("%v and %v", values, err)
		}
	})
}
