# shellcheck shell=bash
# The SARIF file of a scan, judged by Microsoft's validator with the rules of GitHub code scanning.

step_sarif() {
  build_command
  expect 1 "$trustvet" scan testdata/everything --output "sarif=$scratch/everything.sarif"
  printf '%d results of %d rules\n' "$(jq '.runs[0].results | length' "$scratch/everything.sarif")" \
    "$(jq '[.runs[0].results[].ruleId] | unique | length' "$scratch/everything.sarif")"
  [ "$(jq '.runs[0].results | length' "$scratch/everything.sarif")" -gt 0 ] || fail "the SARIF file has no results"
  validate_sarif "$scratch/everything.sarif"

  # The pages of the rules have an example of each, so that every kind of message is judged.
  flagged_examples "$scratch/flagged"
  expect 1 "$trustvet" scan "$scratch/flagged" --pedantic --output "sarif=$scratch/flagged.sarif"
  printf '%d results of %d rules out of %d\n' "$(jq '.runs[0].results | length' "$scratch/flagged.sarif")" \
    "$(jq '[.runs[0].results[].ruleId] | unique | length' "$scratch/flagged.sarif")" \
    "$(jq '.runs[0].tool.driver.rules | length' "$scratch/flagged.sarif")"
  validate_sarif "$scratch/flagged.sarif"

  # What a change newly lets in.
  isolate_git
  new_repository "$scratch/changed"
  write_good_role "$scratch/changed/good.tf"
  git -C "$scratch/changed" add -A
  git -C "$scratch/changed" commit -qm "Add a role"
  write_bad_role "$scratch/changed/bad.tf"
  git -C "$scratch/changed" add -A
  (cd "$scratch/changed" && expect 1 "$trustvet" diff --staged --output "sarif=$scratch/changed.sarif")
  [ "$(jq -r '.runs[0].results[].level' "$scratch/changed.sarif")" = error ] || fail "the SARIF file of a change has not its one result"
  validate_sarif "$scratch/changed.sarif"

  mkdir -p "$scratch/nothing"
  expect 0 "$trustvet" scan "$scratch/nothing" --output "sarif=$scratch/nothing.sarif"
  [ "$(jq -c '.runs[0].results' "$scratch/nothing.sarif")" = '[]' ] || fail "a SARIF file without findings has no empty results array"
  validate_sarif "$scratch/nothing.sarif"

  # The validator is alive: it objects to a result without a region and to a rule without help.
  jq 'del(.runs[0].results[0].locations[0].physicalLocation.region) | del(.runs[0].tool.driver.rules[0].help)' \
    "$scratch/everything.sarif" >"$scratch/broken.sarif"
  (validate_sarif "$scratch/broken.sarif") >"$scratch/output" && fail "the validator accepts a broken file"
  output_has GH1003 GH2012
}

# flagged_examples DIRECTORY writes the examples under "Flagged" on the pages of the rules into a directory each.
flagged_examples() {
  mkdir -p "$1"
  awk -v root="$1" '
    /^## / { flagged = /^## Flagged/ }
    flagged && /^```(json|hcl|yaml)$/ {
      n++
      suffix = /json/ ? "json" : /hcl/ ? "tf" : "yaml"
      file = root "/" n "/example." suffix
      system("mkdir -p \"" root "/" n "\"")
      next
    }
    /^```$/ { if (file) close(file); file = "" }
    file { print > file }' rules/*.md
}

# validate_sarif FILE prints the validator's errors and warnings and fails when there is one. The validator's own exit
# status says only whether it ran.
validate_sarif() {
  local report=$scratch/validation.sarif
  printf '+ Sarif.Multitool validate %s\n' "$1"
  "$multitool" validate "$1" --config "$root/.ci/ghas.xml" --rule-kind 'Sarif;Ghas' --level 'Error;Warning' \
    --output "$report" --log 'ForceOverwrite;PrettyPrint' >"$scratch/validation.log" 2>&1 ||
    { cat "$scratch/validation.log"; fail "the SARIF validator did not run"; }
  jq -r '.runs[0] as $run | $run.results[]? | . as $result
    | ([$run.tool.driver.rules[]? | select(.id == ($result.ruleId | split("/")[0]))][0].messageStrings[$result.message.id].text // "") as $text
    | [.level // "warning", .ruleId, (reduce range(0; (.message.arguments // [] | length)) as $i
        ($text; gsub("\\{\($i)\\}"; $result.message.arguments[$i])))] | @tsv' "$report"
  [ "$(jq '[.runs[0].results[]?, (.runs[0].invocations[]?.toolExecutionNotifications[]? | select(.level == "error"))] | length' "$report")" = 0 ] ||
    fail "the SARIF validator objects to $1"
}
