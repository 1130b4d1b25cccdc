# shellcheck shell=bash
# The GitHub Action: its files and workflows judged by actionlint, and its jobs run on this host by act, with the two remote
# actions it uses replaced by those in .ci/action.

step_workflows() {
  local unpinned
  run "$actionlint"
  # actionlint judges an action.yml where a workflow of its repository uses it.
  isolate_git
  action_repository "$scratch/linted"
  (cd "$scratch/linted" && run "$actionlint")
  # The README's examples are workflows and configurations too.
  readme_examples 'jobs:' "$scratch/linted/.github/workflows"
  run "$actionlint" "$scratch"/linted/.github/workflows/readme-*.yml
  readme_examples 'repos:' "$scratch/configurations"
  run pre-commit validate-config "$scratch"/configurations/readme-*.yml
  # A tag can be moved to other code, a commit cannot.
  unpinned=$(git ls-files -co --exclude-standard action.yml .github/workflows .ci/action README.md | xargs grep -nE '^\s*(- )?uses: ' |
    grep -vE 'uses: (\./?|[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+@[0-9a-f]{40} # v[0-9.]+)$' | grep -v 'uses: trustvet/trustvet@<commit> # ') || true
  [ -z "$unpinned" ] || fail "not pinned to a commit: $unpinned"
}

step_action() {
  isolate_git
  action_repository "$scratch/action"
  prepare_act
  cd "$scratch/action"

  # Findings above the threshold fail the job, after the SARIF file was sent.
  job 1 push roles/critical high
  uploaded 1 principal-any-aws
  output_is exit-code 1
  output_is findings 1
  output_is highest critical
  grep -qE '::error .*file=roles/critical/main\.tf' "$scratch/output" || { cat "$scratch/output"; fail "no annotation"; }
  grep -qE 'Summary - .*trustvet' "$scratch/output" || { cat "$scratch/output"; fail "no job summary"; }

  # Findings below the threshold are sent and do not fail it.
  job 0 push roles/medium high
  uploaded 1 condition-literal-wildcard
  output_is exit-code 0
  output_is findings 1
  output_is highest medium
  job 1 push roles/medium medium
  job 0 push roles/critical none

  # No findings: an empty list is sent, so that GitHub closes the alerts of earlier runs.
  job 0 push roles/good low
  uploaded 0
  output_is findings 0
  output_is highest none

  # An input is data: this directory exists, and the finding in it is reported.
  # shellcheck disable=SC2016 # it is to stay unexpanded
  local strange='roles/a b'\''; touch pwned; $(touch pwned) `touch pwned`'
  mkdir -p "$strange"
  cp roles/critical/main.tf "$strange"
  git add -A && git commit -qm "Add a directory with a strange name"
  job 1 push "$strange" high
  uploaded 1 principal-any-aws
  # shellcheck disable=SC2016
  job 2 push roles/good 'high'\''; touch pwned; $(touch pwned)'
  [ -z "$(find "$scratch/action" "$scratch/act" -name pwned)" ] || fail "an input was executed"

  # Text of the repository is data too: no part of it becomes a command to the runner.
  local hostile=$'roles/hostile/a\n::error::pwned\n.tf'
  mkdir -p roles/hostile
  sed 's/{ AWS = "\*" }/{ AWS = ["*", "##[error]pwned ::error::pwned \\n::error::pwned"] }/' roles/critical/main.tf >"$hostile"
  grep -q pwned "$hostile" || fail "the hostile fixture is not hostile"
  git add -A && git commit -qm "Add hostile text"
  job 1 push roles/hostile high
  ! grep -E '(❗|⚠|⚙|❓) +::error::pwned|^\[use/scan\] +\| (::|.*##\[)' "$scratch/output" ||
    { cat "$scratch/output"; fail "text of the repository became a command"; }

  # A pull request is judged by what it newly lets in, too, where path says.
  mkdir roles/changed
  write_role_of_variable roles/changed/main.tf
  write_variable '"arn:aws:iam::111122223333:role/deploy"' roles/changed/variables.tf
  git add -A && git commit -qm "Add a role"
  prepare_events "$(git rev-parse HEAD)"
  sed -i 's/AWS = var.callers/"AWS" : var.callers/' roles/changed/main.tf
  git commit -qam "Write the role in another way"
  job 0 pull_request roles/changed high
  output_is newly-let-in 0
  write_variable '"*"' roles/changed/variables.tf
  git commit -qam "Let everyone be the callers"
  job 0 pull_request roles/good high
  output_is newly-let-in 0
  job 1 pull_request roles/changed high
  output_is newly-let-in 1
  output_is findings 1
  grep -qE '::error .*file=roles/changed/variables\.tf' "$scratch/output" || { cat "$scratch/output"; fail "no annotation"; }
  prepare_events "$(git rev-parse HEAD)"

  # Where GitHub refuses the upload of a fork or of Dependabot, the findings alone decide.
  REFUSE_UPLOAD=true
  job 0 fork roles/good high
  job 1 fork roles/critical high
  job 0 dependabot roles/good high
  # Elsewhere a refused upload is a failure.
  job 1 push roles/good high
  job 1 pull_request roles/good high
  REFUSE_UPLOAD=false
  job 0 pull_request roles/good high
  uploaded 0
}

# readme_examples KEY DIRECTORY writes each yaml block of the README with that top-level key into a file.
readme_examples() {
  mkdir -p "$2"
  awk -v key="$1" -v prefix="$2/readme-" '
    /^```yaml$/ { inside = 1; text = ""; wanted = 0; next }
    /^```$/ && inside { inside = 0; if (wanted) { n++; printf "%s", text > (prefix n ".yml") } }
    inside { gsub(/@<commit>/, "@0000000000000000000000000000000000000000"); text = text $0 "\n"; if (index($0, key) == 1) wanted = 1 }
    END { if (!n) exit 1 }' "$root/README.md" || fail "the README has no example with $1"
}

# job EXPECTED EVENT PATH FAIL_ON runs the workflow. EXPECTED is 0 when the job must pass; otherwise it must fail, and unless
# the upload is what fails it, EXPECTED is the status that trustvet ended with.
job() {
  local expected=$1 event=$2 path=$3 fail_on=$4
  export KEPT=$scratch/kept
  rm -rf "$KEPT" && mkdir -p "$KEPT"
  local arguments=(-P ubuntu-latest=-self-hosted --pull=false --no-cache-server -s GITHUB_TOKEN=stand-in
    --env "KEPT=$KEPT" --env "REFUSE_UPLOAD=${REFUSE_UPLOAD:-false}" --var "SCAN_PATH=$path" --var "FAIL_ON=$fail_on"
    "${replaced[@]}")
  [ "$event" = push ] || arguments+=(-e "$scratch/events/$event.json")
  [ "$event" != dependabot ] || arguments+=(--actor 'dependabot[bot]')
  case $event in push) ;; *) event=pull_request ;; esac
  printf '\n%s, path: %s, fail-on: %s, upload refused: %s\n' "$2" "$path" "$fail_on" "${REFUSE_UPLOAD:-false}"
  run_act() { "$act" "$event" "${arguments[@]}"; }
  expect $((expected > 0)) run_act
  [ -s "$KEPT/outputs.json" ] || { cat "$scratch/output"; fail "the job did not reach its last step"; }
  [ "${REFUSE_UPLOAD:-false}" = true ] || output_is exit-code "$expected"
}

# uploaded COUNT [RULE...] requires that the stand-in for upload-sarif has got a file with so many results, of these rules.
uploaded() {
  local file=$KEPT/uploaded.sarif count=$1
  shift
  [ -s "$file" ] || { cat "$scratch/output"; fail "no SARIF file was uploaded"; }
  [ "$(jq '.runs[0].results | length' "$file")" = "$count" ] || { jq .runs[0].results "$file"; fail "uploaded: not $count results"; }
  [ "$(jq -r '[.runs[0].results[].ruleId] | unique | join(" ")' "$file")" = "$*" ] ||
    { jq .runs[0].results "$file"; fail "uploaded: not the rules $*"; }
  [ "$(cat "$KEPT/category")" = trustvet ] || fail "uploaded: not the category trustvet"
  validate_sarif "$file"
}

# output_is NAME VALUE requires an output of the action.
output_is() {
  [ "$(jq -r --arg name "$1" '.[$name]' "$KEPT/outputs.json")" = "$2" ] ||
    { cat "$scratch/output" "$KEPT/outputs.json"; fail "the output $1 is not $2"; }
}

# action_repository DIRECTORY makes a repository with the action, a workflow that uses it, and roles to scan.
action_repository() {
  export_tree "$1"
  rm -rf "$1/.github/workflows"
  mkdir -p "$1/.github/workflows" "$1"/roles/{critical,medium,good}
  cp "$root/.ci/action/workflow.yml" "$1/.github/workflows/use.yml"
  write_bad_role "$1/roles/critical/main.tf"
  write_dead_role "$1/roles/medium/main.tf"
  write_good_role "$1/roles/good/main.tf"
  git -C "$1" remote add origin https://github.com/trustvet/trustvet
  git -C "$1" add -A
  git -C "$1" commit -qm "Use the action"
}

# prepare_act sets what act needs to run a repository of action_repository.
prepare_act() {
  local references reference
  replaced=()
  mapfile -t references < <(sed -nE 's/^ *uses: ([^ ]+@[0-9a-f]{40}).*/\1/p' "$root/action.yml")
  for reference in "${references[@]}"; do
    case $reference in
      actions/setup-go@*) replaced+=(--local-repository "$reference=$root/.ci/action/setup-go") ;;
      github/codeql-action/upload-sarif@*)
        replaced+=(--local-repository "github/codeql-action@${reference#*@}=$root/.ci/action/codeql-action") ;;
      *) fail "$reference has no stand-in in .ci/action" ;;
    esac
  done
  # act keeps its files out of the home directory.
  export XDG_CACHE_HOME=$scratch/act XDG_CONFIG_HOME=$scratch/act
  mkdir -p "$scratch/act"
}

# prepare_events BASE writes the events of pull requests onto that commit.
prepare_events() {
  mkdir -p "$scratch/events"
  pull_request_from trustvet/trustvet "$1" >"$scratch/events/pull_request.json"
  pull_request_from trustvet/trustvet "$1" >"$scratch/events/dependabot.json"
  pull_request_from stranger/trustvet "$1" >"$scratch/events/fork.json"
}

# pull_request_from REPOSITORY BASE prints the event of a pull request from that repository onto a commit of this one.
pull_request_from() {
  jq -n --arg head "$1" --arg base "$2" '{number: 1, pull_request: {number: 1,
    head: {ref: "change", repo: {full_name: $head}}, base: {ref: "main", sha: $base, repo: {full_name: "trustvet/trustvet"}}}}'
}

# write_dead_role writes a role with a finding of medium severity: nobody can assume it.
write_dead_role() {
  cat >"$1" <<'TF'
resource "aws_iam_role" "dead" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/deploy" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:PrincipalTag/team" = "platform-*" } }
    }]
  })
}
TF
}
