#!/usr/bin/env bash
# Installs what a fresh Debian machine with Swift lacks. Does nothing where it is there already.
#   scripts/setup.sh run     to build and run
#   scripts/setup.sh test    for the tests as well: a PostgreSQL server, curl, openssl, a C compiler, OpenID providers
#   scripts/setup.sh generate   to write generated code anew: the compiler of protocol buffers
#   scripts/setup.sh bench   for the benchmarks as well: the peers and the load generators
set -euo pipefail

packages=(libsqlite3-dev libpq-dev pkg-config)
case "${1:-run}" in
run) ;;
test) packages+=(postgresql curl openssl gcc libc6-dev python3 python3-venv git) ;;
generate) packages+=(protobuf-compiler) ;;
bench) packages+=(postgresql curl openssl gcc libc6-dev python3 python3-venv nginx-light etcd-server etcd-client wrk nghttp2-client) ;;
*)
    echo "usage: scripts/setup.sh run|test|generate|bench" >&2
    exit 2
    ;;
esac

command -v swift >/dev/null || {
    echo "Swift is missing: install Swift 6.3 or newer from https://www.swift.org/install and run this again." >&2
    exit 1
}

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "These Debian packages, or what they are called here, are needed: ${missing[*]}" >&2
        exit 1
    fi
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    echo "Installing ${missing[*]} …"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! { "${as_root[@]}" apt-get update -qq && \
        DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        exit 1
    fi
fi

# Where they cannot be had (69), the tests that need them are skipped and say so.
if [ "${1:-run}" = test ]; then
    "$(dirname "$0")/../Tests/IdentityTests/Servers/setup.sh" || [ $? -eq 69 ]
fi
