#!/usr/bin/env bash
# Measures `cfg serve`, built for release, beside its peers in the same run, and prints ratios. Everything listens on loopback and is
# ended again. Arguments name the parts to run: reads writes watchers scale history schemas access flags
# (default: all).
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 Benchmarks/bench.py "$@"
