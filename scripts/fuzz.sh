#!/usr/bin/env bash
# Fuzzes the parsers with libFuzzer: what is built is Fuzz/*.swift with the sources it needs.
#   scripts/fuzz.sh                   every target for a minute
#   scripts/fuzz.sh 600 yaml regex    these for ten minutes each
#   scripts/fuzz.sh run yaml FILE     one input, to see what is wrong with it
#   scripts/fuzz.sh build             no more than that
# Targets: json jsonfile yaml toml dotenv properties schema regex formats draft flags rules. What is found lies in .build/fuzz/TARGET/found, the
# corpus that grew beside it; a run goes on from there. CFG_FUZZ_SANITIZERS=fuzzer is twice as fast as fuzzer,address.
# CFG_FUZZ_SEEDS names a folder whose files each target begins with.
set -euo pipefail
export SWIFT_BACKTRACE=enable=no
cd "$(dirname "$0")/.."

targets=(json jsonfile yaml toml dotenv properties schema regex formats draft flags rules)
sanitizers=${CFG_FUZZ_SANITIZERS:-fuzzer,address}
sources=${CFG_FUZZ_SOURCES:-Sources}
out=${CFG_FUZZ_OUT:-.build/fuzz}
build=$out/build-${sanitizers//,/-}
mkdir -p "$build"

# With the sanitizers, copy propagation stops the compiler of Swift 6.3 itself.
flags=(-O -g -swift-version 6 -parse-as-library -package-name main -enable-testing -Xllvm -sil-disable-pass=copy-propagation -warnings-as-errors "-sanitize=$sanitizers"
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature NonisolatedNonsendingByDefault)

module() {
    local name=$1
    shift
    local files=()
    mapfile -t files < <(find -L "$@" -name '*.swift' | sort)
    # Built again only where a source is newer.
    if [ -e "$build/$name.o" ] && [ -z "$(find -L "$@" -name '*.swift' -newer "$build/$name.o")" ] && [ -z "$changed" ]; then return; fi
    changed=yes
    echo "… $name"
    swiftc "${flags[@]}" -wmo -module-name "$name" -I "$build" -emit-module -emit-module-path "$build/$name.swiftmodule" \
        -c "${files[@]}" -o "$build/$name.o"
}

changed=
module Crypto Fuzz/StandIns
module ExactJSON "$sources/ExactJSON"
module JSONSchema "$sources/JSONSchema"
module ConfigPlatformFlags "$sources/ConfigPlatformFlags"
module ConfigPlatformModel "$sources/ConfigPlatformModel"
module ConfigFormats "$sources/ConfigFormats"
fuzzing=$out/fuzzing
rm -rf "$fuzzing" && mkdir -p "$fuzzing" && cp -p Fuzz/*.swift "$fuzzing"
module Fuzzing "$fuzzing"
if [ -n "$changed" ] || [ ! -x "$build/fuzz" ]; then
    swiftc -use-ld=lld "-sanitize=$sanitizers" -o "$build/fuzz" "$build"/{Crypto,ExactJSON,JSONSchema,ConfigPlatformFlags,ConfigPlatformModel,ConfigFormats,Fuzzing}.o
fi

if [ "${1:-}" = build ]; then exit; fi
if [ "${1:-}" = run ]; then
    CFG_FUZZ_TARGET=$2 exec "$build/fuzz" "${@:3}"
fi
seconds=60
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
[ $# -gt 0 ] && targets=("$@")
failed=()
for target in "${targets[@]}"; do
    mkdir -p "$out/$target/corpus" "$out/$target/found"
    echo "— $target"
    seeds=()
    [ -n "${CFG_FUZZ_SEEDS:-}" ] && [ -d "$CFG_FUZZ_SEEDS/$target" ] && seeds=("$CFG_FUZZ_SEEDS/$target")
    CFG_FUZZ_TARGET=$target nice -n 19 "$build/fuzz" "$out/$target/corpus" "${seeds[@]}" -dict=Fuzz/tokens.dict -max_total_time="$seconds" \
        -timeout=60 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 -artifact_prefix="$out/$target/found/" \
        >"$out/$target/log" 2>&1 || failed+=("$target")
    grep -aE '^stat::(number_of_executed_units|average_exec_per_sec|slowest_unit|peak_rss)|Fatal error|^SUMMARY|Test unit written' \
        "$out/$target/log" || true
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "found something: ${failed[*]}"
    exit 1
fi
