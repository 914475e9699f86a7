#!/bin/sh
# review.sh CFNGEN FOLDER FAIL_ON [OPTION...] -- BASE: reviews the working directory against BASE,
# and writes review.md, review.json, review.sarif and review.html into FOLDER, which is the caller's
# own: nobody else can have put a link there.
#
# FAIL_ON is a list of concerns, by commas, spaces or lines. An empty one is `unknown`, so that a
# variable that is not set does not turn the check off; `none` does.
#
# Exits with 0; with 1 if there is a finding that FAIL_ON names; with anything else if there is no
# review. No review is never a success.
set -eu

cfngen=$1
folder=$2
concerns=$(printf '%s' "$3" | tr -s ', \t\r\n' ',,,,,')
shift 3
concerns=${concerns#,}
concerns=${concerns%,}
if [ "$concerns" != none ]; then
  set -- --fail-on "${concerns:-unknown}" "$@"
fi

status=0
"$cfngen" review --format text --write "markdown=$folder/review.md" --write "json=$folder/review.json" \
  --write "sarif=$folder/review.sarif" --write "html=$folder/review.html" "$@" || status=$?

case $status in
  0 | 1) ;;
  2)
    cat >&2 << END
There is no review, so the check fails. If it is about templates that are not there: they are
looked for in $PWD, in the folder that the key output names
in cfngen.toml or pyproject.toml, which is output/ if it names none.
END
    exit "$status"
    ;;
  *)
    echo "There is no review, so the check fails: cfngen review ended with $status, which is a bug." >&2
    exit "$status"
    ;;
esac
for kind in md json sarif html; do
  if ! [ -s "$folder/review.$kind" ]; then
    echo "There is no review, so the check fails: cfngen review wrote no review.$kind." >&2
    exit 2
  fi
done
exit "$status"
