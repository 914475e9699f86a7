#!/bin/sh
# install.sh PYTHON FOLDER: installs cfngen, from the checkout that this file is in, into a new
# virtual environment.
#
# What it depends on comes as wheels that have the hashes of requirements.txt, so that nothing else
# is run, not even to build something. cfngen itself is built with the setuptools that is among
# them, and nothing is fetched for that. Python is isolated (-I): in a checkout that is under
# review, `python -m venv` would run the checkout's own venv.py.
set -eu

python=$1
folder=$2
home=$(cd -- "$(dirname -- "$0")/.." && pwd)

install() {
  "$folder/bin/python" -I -m pip install --quiet --disable-pip-version-check "$@"
}

"$python" -I -m venv "$folder"
install --only-binary :all: --require-hashes -r "$home/integrations/requirements.txt"
install --no-index --no-deps --no-build-isolation "$home"
