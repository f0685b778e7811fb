#!/usr/bin/env bash
# Runs the suites that `swift build --build-tests` has built, layer by layer: suites that start whole servers get the machine to themselves.
# Prints what failed and what was skipped; everything else is in .build/test.log.
set -uo pipefail
cd "$(dirname "$0")/.."
log=.build/test.log
: >"$log"
failed=()
for suites in \
    "ArchitectureTests|ModelTests|ConfigFormatsTests|CommandLineTests" \
    "StoreTests" \
    "ControlPlaneTests|APITests|ClientTests" \
    "EndToEndTests" \
    "FaultTests"; do
    echo "— $suites"
    swift test --skip-build --filter "^($suites)\\." 2>&1 | tee -a "$log" | { grep -aE '✘|━|➜|Test run with|error:|Fatal error' || true; }
    [ "${PIPESTATUS[0]}" -eq 0 ] || failed+=("$suites")
done
total=$(grep -aoE 'Test run with [0-9]+ tests' "$log" | awk '{ sum += $4 } END { print sum + 0 }')
missed=$(grep -aE '✘ Test ".*" (with .* test cases )?failed after' "$log" | wc -l)
if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    echo "$((total - missed)) passed, $missed failed"
    exit 1
fi
echo "$total passed, 0 failed"
