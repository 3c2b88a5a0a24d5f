#!/usr/bin/env bash
# What the composite action and the reusable workflow do: `install` Trimtab from its own checkout, then `run` it.
# Values come by the environment alone, so that none of them is read as shell.
set -euo pipefail

home=${RUNNER_TEMP:?}/trimtab

install() { # SOURCE is a checkout of Trimtab; nothing but its lock file says what is installed
  python -m venv "$home"
  local pip=("$home/bin/python" -m pip --disable-pip-version-check --quiet)
  "${pip[@]}" install --require-hashes -r "${SOURCE:?}/requirements.lock"
  "${pip[@]}" install --no-deps --no-build-isolation --no-index "$SOURCE"
}

trimtab() { "$home/bin/trimtab" "$1" --config "${CONFIG:?}" "${@:2}"; }

reported() { # run or scan, with the report as the step's summary, which may hold 1 MiB
  local report status=0
  report=$(mktemp "$RUNNER_TEMP/report.XXXXXX")
  trimtab "$1" --format markdown >"$report" || status=$?
  head -c 1000000 "$report" >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}"
  return "$status"
}

followed() { # a run, then what became of earlier ones, whatever the run came to
  local status=0
  reported run || status=$?
  trimtab settle || status=$?
  return "$status"
}

# Names from manifests are printed below: no line of them is a command to the runner.
quiet() {
  local word status=0
  word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "::stop-commands::$word"
  "$@" || status=$?
  echo "::$word::"
  return "$status"
}

run() {
  local command=${COMMAND:?}
  if [ "$command" = auto ]; then
    command=$([ "${GITHUB_EVENT_NAME:-}" = issue_comment ] && echo comment || echo followed)
  fi
  case "$command" in
    followed) quiet followed ;;
    run | scan) quiet reported "$command" ;;
    settle | comment) quiet trimtab "$command" ;;
    *) echo "command must be auto, run, scan, settle or comment" >&2 && return 2 ;;
  esac
}

case "${1:-}" in
  install | run) "$1" ;;
  *) echo "usage: action.sh install|run" >&2 && exit 2 ;;
esac
