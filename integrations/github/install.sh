#!/usr/bin/env bash
# Finds the cfngen command, or installs it from the checkout that this action is in.
#
# Python is isolated (-I), as in ../install.sh: it would import from the checkout under review.
set -euo pipefail

if [ -z "$CFNGEN" ]; then
  home=$(cd -- "$GITHUB_ACTION_PATH/../.." && pwd)
  venv=$RUNNER_TEMP/cfngen
  if ! "$PYTHON" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "::error title=cfngen review::cfngen needs Python 3.11 or newer; say which in the input python."
    exit 2
  fi
  sh "$home/integrations/install.sh" "$PYTHON" "$venv"
  CFNGEN=$venv/bin/cfngen
fi
if ! command=$(command -v -- "$CFNGEN"); then
  echo "::error title=cfngen review::There is no command as the input cfngen names it."
  exit 2
fi
case $command in
  /*) ;;
  */*) command=$PWD/$command ;; # the review runs in another folder
esac
printf 'cfngen=%s\n' "$command" >> "$GITHUB_OUTPUT"
