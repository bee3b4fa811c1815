#!/bin/sh
# Make the environment: env.sh VENV REQUIREMENTS. Every version and hash comes from REQUIREMENTS.
set -eu
tools=$(dirname "$0")
uv() { sh "$tools/uv.sh" "$@"; }
# bpy 5.0 exists for Python 3.11 only; uv downloads that Python where the system has none.
[ -x "$1/bin/python" ] || uv venv --quiet --python 3.11 "$1"
echo "Installing the packages of $2 into $1 (about 7 GB, most of it torch with CUDA) ..."
uv pip sync --quiet --python "$1/bin/python" --require-hashes "$2"
