# shellcheck shell=bash
# Installs the tools that the other steps use, each in one exact version where its source offers versions.

staticcheck_version=v0.8.1
actionlint_version=v1.7.12
act_version=v0.2.89
govulncheck_version=v1.1.4
multitool_version=5.7.0
prek_version=0.5.3

# A tool is as old as the Go that built it: staticcheck refuses code that is newer.
tools=$cache/$(go env GOVERSION)
npm_modules=$cache/npm-$multitool_version-$prek_version/node_modules

staticcheck=$tools/staticcheck-$staticcheck_version/staticcheck
actionlint=$tools/actionlint-$actionlint_version/actionlint
act=$tools/act-$act_version/act
govulncheck=$tools/govulncheck-$govulncheck_version/govulncheck
multitool=$npm_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
prek=$npm_modules/.bin/prek

step_tools() {
  install_debian
  install_go honnef.co/go/tools/cmd/staticcheck $staticcheck_version "$staticcheck"
  install_go github.com/rhysd/actionlint/cmd/actionlint $actionlint_version "$actionlint"
  install_go github.com/nektos/act $act_version "$act"
  install_npm
  go version
  "$staticcheck" -version
  "$actionlint" -version | head -n 1
  "$act" --version
  "$multitool" --version
  "$prek" --version
  pre-commit --version
  git --version
}

# install_debian installs what Debian packages and is missing here.
install_debian() {
  local missing=() command
  for command in pre-commit jq shellcheck git gcc npm strace; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  # The SARIF validator is a .NET program, which needs any one version of ICU: libicu72 in Debian 12.
  PATH=$PATH:/sbin ldconfig -p | grep libicuuc >/dev/null || missing+=('^libicu[0-9]+$')
  [ ${#missing[@]} != 0 ] || return 0
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  run "${sudo[@]}" apt-get update -qq
  run "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# install_go PACKAGE VERSION BINARY installs a Go command unless it is there.
install_go() {
  [ -x "$3" ] || GOBIN=$(dirname "$3") GOFLAGS=-buildvcs=false run go install "$1@$2"
}

# install_npm installs the SARIF validator and prek unless they are there.
install_npm() {
  if ! [ -x "$multitool" ] || ! [ -x "$prek" ]; then
    run npm install --prefix "$(dirname "$npm_modules")" --no-audit --no-fund --ignore-scripts --loglevel=error \
      "@microsoft/sarif-multitool-linux@$multitool_version" "@j178/prek@$prek_version"
    chmod u+x "$multitool" # its install script would do no more
  fi
}
