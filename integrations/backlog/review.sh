#!/bin/sh
# review.sh CFNGEN FOLDER REMOTE FAIL_ON: reviews every open pull request of a repository in Backlog,
# whose clone URL is REMOTE, and comments on it. FOLDER is the caller's own, and empty.
#
# Exits with 0; with 1 if there is a finding that FAIL_ON names; with 2 if something cannot be
# reviewed or commented on. One pull request does not keep the others from being reviewed.
set -eu

cfngen=$1
folder=$2
remote=$3
fail_on=$4
here=$(cd -- "$(dirname -- "$0")" && pwd)
tab=$(printf '\t')
worst=0

comment() { python3 -I "$here/comment.py" "$@"; }

note() {
  if [ "$1" -gt "$worst" ]; then worst=$1; fi
}

review() {
  git fetch --quiet --no-tags -- "$remote" "+refs/heads/$base:refs/review/base" \
    "+refs/heads/$branch:refs/review/branch" || return 2
  git checkout --quiet --force --detach refs/review/branch || return 2
  status=0
  rm -f -- "$folder"/review.*
  sh "$here/../review.sh" "$cfngen" "$folder" "$fail_on" --no-blueprints \
    --write "text=$folder/review.txt" -- refs/review/base...refs/review/branch || status=$?
  [ "$status" -le 1 ] || return 2
  BACKLOG_PULL_REQUEST=$number comment "$folder/review.txt" "$folder/review.json" || return 2
  return "$status"
}

comment --open > "$folder/open"
git init --quiet "$folder/checkout"
cd -- "$folder/checkout"
while IFS=$tab read -r number base branch; do
  echo "pull request $number"
  result=0
  review < /dev/null || result=$?
  note "$result"
done < "$folder/open"
exit "$worst"
