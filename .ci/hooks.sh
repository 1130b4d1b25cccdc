# shellcheck shell=bash
# The hooks of .pre-commit-hooks.yaml as people meet them: real pre-commit and prek, real commits in a scratch repository.

step_pre_commit() {
  isolate_git
  export PRE_COMMIT_HOME=$scratch/pre-commit
  run pre-commit validate-manifest .pre-commit-hooks.yaml
  export_tree "$scratch/hooks"

  new_repository "$scratch/tried"
  cd "$scratch/tried"
  write_bad_role ci.tf
  git add -A
  expect 1 pre-commit try-repo "$scratch/hooks" trustvet --files ci.tf
  output_has Failed principal-any-aws ci.tf
  write_good_role ci.tf
  git add -A
  expect 0 pre-commit try-repo "$scratch/hooks" trustvet --files ci.tf
  output_has Passed

  check_commits pre-commit
  check_changes pre-commit
}

step_prek() {
  isolate_git
  export PREK_HOME=$scratch/prek
  [ -d "$scratch/hooks" ] || export_tree "$scratch/hooks"
  check_commits "$prek"
  check_changes "$prek"
}

# use_hook RUNNER HOOK makes a repository whose commits go through the hook.
use_hook() {
  local repository
  repository=$scratch/$2-$(basename "$1")
  new_repository "$repository"
  cd "$repository"
  cat >.pre-commit-config.yaml <<YAML
repos:
  - repo: $scratch/hooks
    rev: $(git -C "$scratch/hooks" rev-parse HEAD)
    hooks:
      - id: $2
YAML
  expect 0 "$1" install
  expect 0 commit_all "Use trustvet"
}

# check_changes RUNNER makes commits that change who can assume a role.
check_changes() {
  use_hook "$1" trustvet-diff

  # What is there already is no matter, but who gets in newly is.
  write_role_of_variable role.tf
  write_variable '"*"' variables.tf
  echo 'callers = ["arn:aws:iam::111122223333:role/deploy"]' >terraform.tfvars
  expect 0 commit_all "Add a role"

  # Another way to write it is no change.
  sed -i 's/jsonencode({/jsonencode({ Id = "callers",/; s/AWS = var.callers/"AWS" : var.callers/' role.tf
  expect 0 commit_all "Write the role in another way"

  # A deletion can let somebody in.
  rm terraform.tfvars
  expect 1 commit_all "Delete the callers"
  output_has Failed 'can newly assume aws_iam_role.callers' variables.tf 'for example'
  git checkout -q HEAD -- terraform.tfvars

  # Who gets in no longer is no reason to stop.
  git rm -q role.tf
  expect 0 commit_all "Delete the role"
}

# check_commits RUNNER makes commits with roles that are fine and roles that are not.
check_commits() {
  use_hook "$1" trustvet

  # A role that is fine is committed.
  write_good_role good.tf
  expect 0 commit_all "Add a role"
  output_has Passed

  # A role that anyone can assume is not, and the output says which, where and why.
  write_bad_role bad.tf
  expect 1 commit_all "Add a role for everyone"
  output_has Failed principal-any-aws bad.tf aws_iam_role.everyone

  # What counts is what is staged: the good role, although the file holds the bad one.
  write_good_role bad.tf
  git add bad.tf
  write_bad_role bad.tf
  expect 0 git commit -qm "Add a good role"
  git checkout -q -- bad.tf

  # The file that changes need not be the one with the role: it holds the value that the role uses.
  write_role_of_variable role.tf
  write_variable '"arn:aws:iam::111122223333:role/deploy"' variables.tf
  expect 0 commit_all "Add a role for a variable's callers"
  write_variable '"*"' variables.tf
  expect 1 commit_all "Let everyone be the callers"
  output_has principal-any-aws variables.tf aws_iam_role.callers
  git checkout -q HEAD -- variables.tf

  # An untracked file is no part of a commit, whatever it holds.
  write_bad_role untracked.tf
  write_variable '"arn:aws:iam::111122223333:role/release"' variables.tf
  expect 0 git commit -qm "Change the callers" variables.tf
  rm untracked.tf

  # A file that has nothing to do with roles is no matter for the hook.
  echo hello >README
  expect 0 commit_all "Add a file of another kind"
  output_has Skipped

  # A file named like a flag is a file.
  write_bad_role ./-x.tf
  expect 1 commit_all "Add a file with a strange name"
  output_has principal-any-aws -x.tf
  git rm -q --cached -- -x.tf
  rm -- ./-x.tf

  [ "$(git log --oneline | wc -l)" = 6 ] || { git log --oneline; fail "not the commits that were to be made"; }
}

commit_all() {
  git add -A && git commit -qm "$1"
}

new_repository() {
  mkdir -p "$1"
  git -C "$1" init -q
}

write_bad_role() {
  cat >"$1" <<'TF'
resource "aws_iam_role" "everyone" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "sts:AssumeRole"
    }]
  })
}
TF
}

write_role_of_variable() {
  cat >"$1" <<'TF'
resource "aws_iam_role" "callers" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.callers }
      Action    = "sts:AssumeRole"
    }]
  })
}
TF
}

# write_variable VALUE FILE
write_variable() {
  printf 'variable "callers" {\n  default = [%s]\n}\n' "$1" >"$2"
}

write_good_role() {
  cat >"$1" <<'TF'
resource "aws_iam_role" "lambda" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}
TF
}
