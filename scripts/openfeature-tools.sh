#!/bin/sh
# Installs flagd's evaluator for Python and OpenFeature's clients into FOLDER (default .tools/openfeature beside the package), once.
# Ends with 69 where this machine cannot have them.
set -u
package=$(cd "$(dirname "$0")/.." && pwd)
exec "$package/scripts/python-tools.sh" "${1:-$package/.tools/openfeature}" \
    openfeature-sdk==0.10.0 openfeature-flagd-core==2.0.0 openfeature-provider-flagd==0.6.1 openfeature-provider-ofrep==0.3.0
