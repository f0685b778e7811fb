#!/usr/bin/env bash
# Runs the suites that `swift build --build-tests` has built, layer by layer: suites that start whole servers get the machine to themselves.
# Prints what failed and what was skipped; everything else is in .build/test.log. A layer that has not ended after ten minutes is stopped,
# and the tests that had not finished are named.
set -uo pipefail
cd "$(dirname "$0")/.."
log=.build/test.log
part=.build/test-part.log
: >"$log"
failed=()
# Left alone, all cases of a layer begin at once: the limit and the patience of each would then run while it waits for a thread of two.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=16
for suites in \
    "ArchitectureTests|ModelTests|FlagsTests|JSONSchemaTests|ConfigFormatsTests|CommandLineTests" \
    "StoreTests|IdentityTests" \
    "ControlPlaneTests|ClientTests" \
    "APITests" \
    "EndToEndTests" \
    "FaultTests"; do
    echo "— $suites"
    timeout --kill-after=20 600 swift test --skip-build --filter "^($suites)\\." 2>&1 | tee "$part" |
        { grep -aE '✘|━|➜|Test run with|error:|Fatal error' || true; }
    status=${PIPESTATUS[0]}
    cat "$part" >>"$log"
    [ "$status" -eq 0 ] && continue
    failed+=("$suites")
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
        echo "stopped after ten minutes; not finished:"
        comm -23 <(sed -nE 's/^◇ (Test .*) started\.$/\1/p' "$part" | sort -u) \
            <(sed -nE 's/^[✔✘━] (Test .*) (with .* test cases? )?(passed|failed) after .*/\1/p' "$part" | sort -u)
    fi
done
total=$(grep -aoE 'Test run with [0-9]+ tests' "$log" | awk '{ sum += $4 } END { print sum + 0 }')
missed=$(grep -aE '✘ Test ".*" (with .* test cases )?failed after' "$log" | wc -l)
if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    echo "$((total > missed ? total - missed : 0)) passed, $((missed > 0 ? missed : 1)) failed"
    exit 1
fi
echo "$total passed, 0 failed"
