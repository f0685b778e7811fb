#!/usr/bin/env bash
# Runs schemathesis from api/openapi.yaml against a real server, with a token of each role and with none: no status of 500 and above that
# is not meant, none that the contract does not know, no answer that is not of its schema.
#   scripts/schemathesis.sh              all roles, 20 requests for each operation and kind of data
#   scripts/schemathesis.sh 2 viewer     so many, and those roles alone
#   scripts/schemathesis.sh install      only what it needs
# Ends with 69 where this machine cannot have schemathesis (scripts/python-tools.sh says why).
# CFG_BINARY names the server (default .build/debug/cfg), CFG_SEED another seed, CFG_TOOLS the folder that tools are kept in (.tools),
# CFG_PHASES other phases of schemathesis than coverage and fuzzing: coverage asks for whatever is at the bounds of the contract, a minute a role.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${CFG_TOOLS:-.tools}/schemathesis
scripts/python-tools.sh "$folder" schemathesis==4.32.5
[ "${1:-}" = install ] && exit 0

examples=${1:-20}
shift || true
roles=("$@")
[ ${#roles[@]} -gt 0 ] || roles=(administrator operator viewer auditor evaluator nobody)
seed=${CFG_SEED:-20260}
binary=${CFG_BINARY:-.build/debug/cfg}
tool=$(cd "$folder" && pwd)/venv/bin/schemathesis

work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

# A server of its own for each role: what one has altered is not there for the next.
serve() {
    "$binary" serve --dev --sample --local-users --data "$work/$1" --listen 127.0.0.1:0 >"$work/$1.out" 2>"$work/$1.log" &
    server=$!
    for _ in $(seq 900); do
        url=$(sed -nE 's/^cfg is ready at (http[^ ]*).*$/\1/p' "$work/$1.out")
        [ -z "$url" ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/$1.out" "$work/$1.log" >&2
    return 1
}

# Names that lead somewhere, half of the time; a revision that is there already, for others are waited for.
pinned=$work/pinned.toml
cat >"$pinned" <<'TOML'
[parameters]
"path.project" = "shop"
"path.environment" = "staging"
"query.environment" = "staging"
"header.X-Minimum-Revision" = "0"
TOML
free=$work/free.toml
cat >"$free" <<'TOML'
[parameters]
"header.X-Minimum-Revision" = "0"
TOML

failed=()
for role in "${roles[@]}"; do
    serve "$role"
    headers=()
    if [ "$role" != nobody ]; then
        made=$(curl -fsS -X POST "$url/api/v1/tokens" -H "Authorization: Bearer $(cat "$work/$role/dev-token")" \
            -H 'Content-Type: application/json' -d "{\"name\":\"$role\",\"role\":\"$role\"}")
        headers=(-H "Authorization: Bearer $(sed -E 's/.*"token":"([^"]*)".*/\1/' <<<"$made")")
    fi
    for names in pinned free; do
        # A watch does not end, nor is what it sends one text; and the sample is not to end while names lead to it.
        skipped=(--exclude-operation-id watch --exclude-operation-id watchFlagSet --exclude-operation-id watchFlagsRemotely
            --exclude-operation-id watchFlagsRemotelyOf)
        phases=${CFG_PHASES:-fuzzing}
        if [ "$names" = pinned ]; then
            skipped+=(--exclude-operation-id deleteProject)
            phases=${CFG_PHASES:-coverage,fuzzing}
        fi
        echo "— $role, $names names"
        "$tool" --config-file "$work/$names.toml" --no-color run api/openapi.yaml --url "$url" ${headers[@]+"${headers[@]}"} "${skipped[@]}" \
            --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
            --phases "$phases" --max-examples "$examples" --seed "$seed" --request-timeout 60 --no-shrink --continue-on-failure \
            --warnings off --generation-database none >"$work/$role-$names.txt" 2>&1 || {
            failed+=("$role, $names names")
            cut -c 1-400 "$work/$role-$names.txt"
        }
        grep -aE ' generated' "$work/$role-$names.txt" || true
    done
    if ! kill -0 "$server" 2>/dev/null; then
        failed+=("$role: the server ended")
        grep -av ' info cfg: ' "$work/$role.log" | tail -n 40 || true
        tail -n 3 "$work/$role.log"
    fi
    kill "$server" 2>/dev/null && wait "$server" || true
    server=
done

if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
