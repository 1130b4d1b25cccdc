# shellcheck shell=bash
# The checks that Go's own tools make.

step_format() {
  local unformatted
  unformatted=$(git ls-files -co --exclude-standard '*.go' | grep -v /testdata/ | xargs gofmt -l)
  [ -z "$unformatted" ] || fail "gofmt -w is needed for: $unformatted"
}

step_lint() {
  run go vet ./...
  run "$staticcheck" ./...
  run shellcheck --external-sources --check-sourced --source-path=. .ci/run .ci/bench .ci/chaos .ci/readme .ci/sbom
}

step_test() {
  run go test ./... # the README's test command
}

step_race() {
  CGO_ENABLED=1 run go test -race ./internal/... ./rules/...
}

# Golden files are what the code says today: rewriting them changes nothing.
step_goldens() {
  local packages
  isolate_git
  mapfile -t packages < <(git ls-files -co --exclude-standard '*_test.go' | xargs grep -lE 'flag\.Bool(Var)?\(.*"update"' |
    xargs -n 1 dirname | sort -u | sed 's|^|./|')
  [ ${#packages[@]} != 0 ] || fail "no test has an -update flag"
  changes_nothing go test "${packages[@]}" -update
}

# What is generated is up to date: files that go generate writes, and what the README shows of trustvet's output.
step_generate() {
  isolate_git
  if git grep -q '^//go:generate' -- '*.go'; then
    changes_nothing go generate ./...
  fi
  changes_nothing .ci/readme
}

# changes_nothing COMMAND... runs it in a copy of the tree, which must stay as it is.
changes_nothing() {
  rm -rf "$scratch/copy"
  export_tree "$scratch/copy"
  (cd "$scratch/copy" && run "$@")
  git -C "$scratch/copy" add -A
  git -C "$scratch/copy" --no-pager diff --cached --exit-code || fail "this makes changes: $*"
}

# Offsets are ints, and people build with other systems and with the oldest Go that go.mod allows.
step_cross() {
  GOTOOLCHAIN=go$(sed -n 's/^go //p' go.mod) run go build -o "$scratch/trustvet-oldest" ./cmd/trustvet
  CGO_ENABLED=0 GOARCH=386 run go vet ./...
  CGO_ENABLED=0 GOOS=windows run go build -o "$scratch/trustvet.exe" ./cmd/trustvet
  CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 run go build -o "$scratch/trustvet-darwin" ./cmd/trustvet
}

# No known vulnerability is in what the command calls. It asks vuln.go.dev, which not every machine reaches, and what it
# answers changes from day to day: it is none of the steps of a run without names.
step_vulnerabilities() {
  install_go golang.org/x/vuln/cmd/govulncheck $govulncheck_version "$govulncheck"
  run "$govulncheck" ./...
}

# The command is built once here, for the steps that run it.
trustvet=$scratch/bin/trustvet
build_command() {
  [ -x "$trustvet" ] || build_release "$trustvet"
}

# build_release FILE builds the command with the flags that .goreleaser.yaml gives it.
build_release() {
  CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o "$1" ./cmd/trustvet
}

step_build() {
  local size module
  isolate_git
  build_command
  size=$(stat -c %s "$trustvet")
  printf 'the binary has %d bytes\n' "$size"
  [ "$size" -lt 13000000 ] || fail "the binary has 13 MB or more: does something use text/template or reflect's MethodByName?"
  run "$trustvet" --version
  # The same commit gives the same bytes wherever it lies.
  export_tree "$scratch/elsewhere"
  (cd "$scratch/elsewhere" && build_release "$scratch/elsewhere/trustvet")
  cmp "$trustvet" "$scratch/elsewhere/trustvet" || fail "the binary depends on the directory it is built in"
  # The bill of materials of a release lists what go.mod requires and the binary contains.
  .ci/sbom "$trustvet" 0.0.0 "$scratch/sbom.json"
  jq -e '.bomFormat == "CycloneDX" and .metadata.component.name == "github.com/trustvet/trustvet" and
    any(.components[]; .name == "github.com/hashicorp/hcl/v2") and all(.components[]; .version != "")' "$scratch/sbom.json" >/dev/null ||
    { cat "$scratch/sbom.json"; fail "the bill of materials is not right"; }
  # The README has a reason for each module in the binary.
  while read -r module; do
    module=${module#github.com/}
    grep -qF "${module%/v[0-9]*}" README.md || fail "the README does not say what $module is for"
  done < <(go version -m "$trustvet" | awk '$1 == "dep" { print $2 }')
  # What pre-commit installs is every main package: there must be one.
  [ "$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./...)" = "$(go list ./cmd/trustvet)" ] ||
    fail "cmd/trustvet is not the only main package"
}

# The README's first command shows findings, and its example of a configuration is one.
step_readme() {
  local command='go run ./cmd/trustvet scan testdata/everything'
  grep -qxF "$command" README.md || fail "the README lacks: $command"
  expect 1 bash -c "$command" # go run exits 1 whatever the status of its program, and says that one
  output_has 'exit status 1'
  build_command
  readme_examples own_accounts: "$scratch/configurations"
  expect 1 "$trustvet" scan testdata/everything --config "$scratch/configurations/readme-1.yml"
}

# Runs each fuzz target for FUZZTIME in a copy of the tree, and shows the input that breaks it.
step_fuzz() {
  local file target targets=0
  isolate_git
  export_tree "$scratch/fuzzed"
  cd "$scratch/fuzzed"
  while IFS=: read -r file target; do
    targets=$((targets + 1))
    run go test "./$(dirname "$file")" -run '^$' -fuzz "^${target#func }\$" -fuzztime "${FUZZTIME:-30s}" ||
      { git add -A && git --no-pager diff --cached && fail "$target"; }
  done < <(git grep -oE '^func Fuzz[A-Za-z0-9_]+' -- '*_test.go')
  [ "$targets" != 0 ] || fail "there is no fuzz target"
}
