#!/bin/sh
# Installs the OpenID providers that Identity is tested against into FOLDER (default .tools/openid beside the package), once.
# Ends with 69 where this machine cannot have them: no python3, no venv module, or PyPI out of reach.
set -u
# oauthlib 4 answers the device flow with a member that this django-oauth-toolkit does not take.
requirements='django-oauth-toolkit==3.4.1 Django==5.2.19 oauthlib==3.3.1 oidc-provider-mock==0.3.4 Authlib==1.9.10'
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../../../.tools/openid}

mkdir -p "$folder" || exit 1
exec 9>"$folder/.lock"
if command -v flock >/dev/null; then flock 9; fi
if [ "$(cat "$folder/.installed" 2>/dev/null)" = "$requirements" ]; then exit 0; fi

rm -f "$folder/.installed"
command -v python3 >/dev/null || { echo 'there is no python3 on this machine' >&2; exit 69; }
python3 -m venv --clear "$folder/venv" >&2 || { echo 'python3 cannot make a virtual environment (Debian: python3-venv)' >&2; exit 69; }
# shellcheck disable=SC2086
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check $requirements >&2 || { echo 'PyPI cannot be reached' >&2; exit 69; }
printf '%s' "$requirements" >"$folder/.installed"
