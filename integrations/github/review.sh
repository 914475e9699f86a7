#!/usr/bin/env bash
# Reviews the checkout against what the pull request would be merged into.
#
# Writes the summary, the log and, for the steps that follow, the names of files.
set -euo pipefail

fail() {
  echo "::error title=cfngen review::$1"
  exit 2
}

known() { git rev-parse --quiet --verify --end-of-options "$1^{commit}"; }

cd -- "$FOLDER"
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
arguments=(
  --format text --limit 65000
  --write "markdown=$files/review.md" --write "json=$files/review.json" --write "sarif=$files/review.sarif"
)
if [ "$BLUEPRINTS" = true ]; then arguments+=(--blueprints); else arguments+=(--no-blueprints); fi
read -r -d '' -a concerns <<< "${FAIL_ON//,/ }" || true
for concern in ${concerns[@]+"${concerns[@]}"}; do
  arguments+=(--fail-on "$concern")
done

# Templates are strangers' text: until the word is said again, no line of it is a command to the runner.
word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
status=0
echo "::stop-commands::$word"
"$CFNGEN" review "${arguments[@]}" -- "$base" || status=$?
echo "::$word::"

case $status in
  0) concern=false ;;
  1) concern=true ;;
  *) exit "$status" ;;
esac
# A bug ends with 1, too, but without a review.
for kind in md json sarif; do
  [ -s "$files/review.$kind" ] || fail "cfngen review wrote no review.$kind; the log says why."
done
cat "$files/review.md" >> "$GITHUB_STEP_SUMMARY"
{
  echo "concern=$concern"
  echo "markdown=$files/review.md"
  echo "json=$files/review.json"
  echo "sarif=$files/review.sarif"
} >> "$GITHUB_OUTPUT"
