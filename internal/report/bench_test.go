package report

import (
	"io"
	"testing"
)

// BenchmarkReport writes a scan of a thousand findings in each format.
func BenchmarkReport(b *testing.B) {
	s := typical(b)
	findings := s.Findings
	s.Findings = nil
	for len(s.Findings) < 1000 {
		s.Findings = append(s.Findings, findings...)
	}
	for format, write := range writers {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := write(io.Discard, s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s.Findings)), "ns/finding")
		})
	}
}

// BenchmarkWhoReport writes a thousand roles with who can assume them.
func BenchmarkWhoReport(b *testing.B) {
	roles := make([]Role, 1000)
	for i := range roles {
		roles[i] = hostileRole(b)
	}
	for format, write := range map[string]func(io.Writer) error{
		"txt":     func(w io.Writer) error { return WhoText(w, roles, nil, TextOptions{}) },
		"json":    func(w io.Writer) error { return WhoJSON(w, roles, nil, false) },
		"mermaid": func(w io.Writer) error { return Mermaid(w, roles, GraphOptions{}) },
		"dot":     func(w io.Writer) error { return Dot(w, roles, GraphOptions{}) },
	} {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := write(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
