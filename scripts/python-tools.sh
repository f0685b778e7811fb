#!/bin/sh
# Installs packages of PyPI into a virtual environment of their own, FOLDER/venv, once:
#   scripts/python-tools.sh FOLDER PACKAGE==VERSION…
# Ends with 69 where this machine cannot have them: no python3, no venv module, or PyPI out of reach.
set -u
folder=$1
shift
requirements=$*

mkdir -p "$folder" || exit 1
exec 9>"$folder/.lock"
if command -v flock >/dev/null; then flock 9; fi
if [ "$(cat "$folder/.installed" 2>/dev/null)" = "$requirements" ]; then exit 0; fi

rm -f "$folder/.installed"
command -v python3 >/dev/null || { echo 'there is no python3 on this machine' >&2; exit 69; }
python3 -m venv --clear "$folder/venv" >&2 || { echo 'python3 cannot make a virtual environment (Debian: python3-venv)' >&2; exit 69; }
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 || { echo 'PyPI cannot be reached' >&2; exit 69; }
printf '%s' "$requirements" >"$folder/.installed"
