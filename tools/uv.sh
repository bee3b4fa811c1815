#!/bin/sh
# Run uv: the one on PATH, else one installed with pip into .uv (never system-wide).
set -eu
version=0.13.8
if command -v uv >/dev/null 2>&1; then exec uv "$@"; fi
here=$(cd "$(dirname "$0")/.." && pwd)/.uv
if [ ! -x "$here/bin/uv" ]; then
  rm -rf "$here"
  # Debian's python3 comes without venv or pip unless python3-venv is installed, hence two ways.
  if python3 -m venv "$here" >/dev/null 2>&1; then
    "$here/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$version"
  elif rm -rf "$here" && python3 -m pip --version >/dev/null 2>&1; then
    python3 -m pip install --quiet --disable-pip-version-check --target "$here" "uv==$version"
  else
    rm -rf "$here"
    echo "error: neither uv nor a way to install it was found. Install one of: uv, python3-venv, python3-pip." >&2
    exit 1
  fi
fi
exec "$here/bin/uv" "$@"
