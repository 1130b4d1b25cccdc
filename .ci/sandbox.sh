# shellcheck shell=bash
# What the command asks of the system, as strace sees it, and what it does with damaged trees.

# What Go's runtime reads when a program starts.
runtime_files='^/(sys/kernel/mm/transparent_hugepage/hpage_pmd_size|proc/self/(cgroup|mountinfo)|sys/fs/cgroup/.*)$'

# traced STATUS TREE COMMAND... runs a command in a tree under strace, and requires that it opens no connection, starts no
# program, writes no file, and opens only what lies in the tree: one name at a time, or in such a way that the kernel sees to it.
traced() {
  local want=$1 tree=$2 log=$scratch/strace outside
  shift 2
  rm -rf "$log"
  mkdir "$log"
  (cd "$tree" && expect "$want" strace -ff -y -o "$log/t" -e 'trace=%network,%file,openat2,execve,execveat,io_uring_setup' "$@")
  cat "$log"/t.* >"$log/all"
  grep -qE '^openat2?\(' "$log/all" || fail "strace shows no file that is opened"
  [ "$(grep -cE '^execve(at)?\(' "$log/all")" = 1 ] || { grep -E '^execve' "$log/all"; fail "a program is started"; }
  ! grep -E '^(socket|socketpair|connect|bind|listen|accept4?|send[a-z]*|recv[a-z]*|io_uring_setup)\(' "$log/all" || fail "the network is used"
  ! grep -E 'O_WRONLY|O_RDWR|O_CREAT|^(unlink|rename|mkdir|link|symlink|chmod|chown|truncate|mknod)' "$log/all" || fail "a file is written"
  # What is opened: the directory and the name, or an absolute name alone; "beneath", the directory and what came of it.
  sed -nE 's/^openat2\([0-9]+<([^>]*)>, ".*", \{.*resolve=[A-Z_|]*RESOLVE_BENEATH[A-Z_|]*\}, [0-9]+\) = ([0-9]+<(.*)>|-1 .*)$/beneath\t\1\t\3/p; t
    s/^open(at2?)?\((AT_FDCWD(<[^>]*>)?|[0-9]+<([^>]*)>), "(.*)", .*/\4\t\5/p; s/^open\("(.*)", .*/\t\1/p' "$log/all" | sort -u >"$log/opened"
  outside=$(awk -F '\t' -v tree="$tree" -v runtime="$runtime_files" '
    function within(name) { return name == tree || index(name, tree "/") == 1 }
    $1 == "beneath" && within($2) && ($3 == "" || within($3)) { next }
    $1 == "" && ($2 == tree || $2 ~ runtime) { next }
    within($1) && $2 !~ /\// && $2 != ".." { next }
    { print }' "$log/opened")
  [ -z "$outside" ] || fail "this is opened: $outside"
  printf '%d files and directories opened, all in %s\n' "$(awk -F '\t' '$1 != ""' "$log/opened" | wc -l)" "$tree"
}

# A scan reads its tree and nothing else, whatever the files in it name.
step_sandbox() {
  local tree=$scratch/hostile
  build_command
  mkdir -p "$scratch/plain"
  cp -r testdata/everything "$scratch/plain/tree"
  traced 1 "$scratch/plain/tree" "$trustvet" scan .
  traced 0 "$scratch/plain/tree" "$trustvet" who --format json .
  mkdir -p "$tree/u" "$tree/cdk.out" "$scratch/outside/.git"
  cp testdata/everything/policies/*.json "$scratch/outside"
  ln -s ../outside "$tree/directory"
  ln -s ../outside/.git "$tree/repository"
  ln -s /etc/passwd "$tree/passwd.tf"
  ln -s ../../outside/lost.json "$tree/u/lost.json"
  ln -s /etc/passwd "$tree/.trustvet-baseline.json"
  cat >"$tree/main.tf" <<'TF'
module "above" {
  source = "../outside"
}
module "beside" {
  source = "git::file:///etc"
}
module "registry" {
  source  = "terraform-aws-modules/iam/aws"
  version = "5.0.0"
}
data "http" "policy" {
  url = "https://example.com/policy.json"
}
resource "aws_iam_role" "read" {
  for_each           = toset(["/etc/passwd", "../outside/lost.json", "directory/lost.json", "u/lost.json", "/proc/self/environ", "~/.aws/credentials"])
  assume_role_policy = try(file(each.key), templatefile(each.key, {}), filebase64(each.key), data.http.policy.body)
}
resource "aws_iam_role" "found" {
  assume_role_policy = jsonencode(fileset("/etc", "**"))
}
TF
  cat >"$tree/u/terragrunt.hcl" <<'HCL'
include "root" {
  path = find_in_parent_folders("/etc/hostname")
}
terraform {
  source = "${run_cmd("sh", "-c", "id")}//${get_env("HOME")}"
}
locals {
  other = read_terragrunt_config("../../outside/terragrunt.hcl")
  key   = sops_decrypt_file("/etc/hostname")
}
HCL
  cat >"$tree/template.yaml" <<'YAML'
Resources:
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ../outside/t.yaml}}
  Fetched: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://example.com/t.yaml'}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: /etc/passwd}}}
YAML
  cat >"$tree/cdk.out/S.template.json" <<'JSON'
{"Resources": {"Role": {"Type": "AWS::IAM::Role", "Metadata": {"aws:cdk:path": "S/Role"}, "Properties": {"AssumeRolePolicyDocument":
  {"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}}}}}
JSON
  cat >"$tree/cdk.out/manifest.json" <<'JSON'
{"artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json", "additionalMetadataFile": "../../outside/lost.json"},
  "metadata": {"/S/Role": [{"type": "aws:cdk:logicalId", "data": "Role", "trace": ["at x (/etc/passwd:1:1)", "at x (../../outside/lost.json:1:1)", "at x (file:///etc/hostname:1:1)"]}]}}}}
JSON
  printf 'gitdir: %s\n' "$scratch/outside/.git" >"$tree/.git"
  printf '**/**/**/x\n' >"$tree/.gitignore"
  traced 1 "$tree" "$trustvet" scan --cdk-source .
  output_has 'cdk.out/S.template.json:2' 'leads out of the scanned tree' 'outside the scanned tree'
  traced 3 "$tree" "$trustvet" who .
}

# step_chaos scans damaged trees, other ones each day.
step_chaos() {
  run .ci/chaos 2000
}
