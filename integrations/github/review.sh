#!/usr/bin/env bash
# Reviews the checkout against what the pull request would be merged into.
#
# Writes the summary, the log and, for the steps that follow, the names of files.
set -euo pipefail

# Annotates the run; what is in a message cannot become a command.
annotate() {
  local message=${1//'%'/%25}
  message=${message//$'\r'/%0D}
  echo "::error title=cfngen review::${message//$'\n'/%0A}"
}

fail() {
  annotate "$1"
  exit 2
}

known() { git rev-parse --quiet --verify --end-of-options "$1^{commit}"; }

cd -P .
cd -- "$FOLDER" 2> /dev/null \
  || fail "The input working-directory names no folder of the checkout: $FOLDER. It is the project's, the one with output/ in it."
# A link in place of the folder would show another project, in which nothing has changed.
[ "$(pwd -L)" = "$(pwd -P)" ] || fail "The input working-directory goes through a symbolic link: $FOLDER."
base=${BASE-}
if [ -z "$base" ]; then
  [ -n "$PULL_REQUEST_BASE" ] || fail "This is no pull request: say in the input base what to compare with."
  if [ "$(known HEAD)" = "$GITHUB_SHA" ] && known 'HEAD^2' > /dev/null; then
    # The merge that GitHub made to try it out; its first parent is newer than the event's base.
    base='HEAD^1'
  elif known "$PULL_REQUEST_BASE" > /dev/null && git merge-base "$PULL_REQUEST_BASE" HEAD > /dev/null; then
    base=$PULL_REQUEST_BASE...HEAD
  else
    fail "The pull request's base is not in this checkout: give actions/checkout fetch-depth: 0, or 2 for the merge it checks out by itself."
  fi
fi

files=$(mktemp -d "$RUNNER_TEMP/cfngen-review.XXXXXX")
# GitHub takes 65,536 characters; the rest is for the marker.
arguments=(--limit 65000)
[ -z "${EXPECT-}" ] || arguments+=("--expect=$EXPECT")
[ -z "${DATE-}" ] || arguments+=("--date=$DATE")
if [ "$BLUEPRINTS" = true ]; then arguments+=(--blueprints); else arguments+=(--no-blueprints); fi

# Templates are strangers' text: until the word is said again, no line of it is a command to the runner.
word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
status=0
echo "::stop-commands::$word"
sh "$GITHUB_ACTION_PATH/../review.sh" "$CFNGEN" "$files" "$FAIL_ON" "${arguments[@]}" -- "$base" \
  2> "$files/errors" || status=$?
cat "$files/errors"
echo "::$word::"

case $status in
  0) concern=false ;;
  1) concern=true ;;
  *)
    errors=$(LC_ALL=C tr -d '\000-\010\013\014\016-\037\177' < "$files/errors")
    annotate "${errors:0:3000}
The project's folder is the input working-directory, which is $FOLDER here."
    exit "$status"
    ;;
esac
cat "$files/review.md" >> "$GITHUB_STEP_SUMMARY"
{
  echo "concern=$concern"
  echo "markdown=$files/review.md"
  echo "json=$files/review.json"
  echo "sarif=$files/review.sarif"
} >> "$GITHUB_OUTPUT"
