#!/bin/sh
# requirements.sh: writes requirements.txt anew, after a change of pyproject.toml or constraints.txt.
#
# It needs uv (`pip install uv`), which asks the package index that it is configured with. The
# hashes are those of every wheel of a version, for each system and each Python from 3.11 on; the
# index's address is not written down.
set -eu

home=$(cd -- "$(dirname -- "$0")/.." && pwd)
cd -- "$home"
pins=$(
  # Not with what stands in the file already: a version comes from constraints.txt, a hash from the index.
  echo setuptools | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --no-config --no-emit-index-url --constraint constraints.txt \
    pyproject.toml -
)
cat > integrations/requirements.txt << END
# What the integrations install: what cfngen depends on at run time, in the versions of
# constraints.txt, and the setuptools that builds it. Written by requirements.sh; not by hand.
$pins
END
