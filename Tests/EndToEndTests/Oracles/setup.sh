#!/bin/sh
# Installs the readers that the end-to-end tests compare with into FOLDER (default .tools/oracles beside the package), once.
# Ends with 69 where this machine cannot have them.
set -u
package=$(cd "$(dirname "$0")/../../.." && pwd)
exec "$package/scripts/python-tools.sh" "${1:-$package/.tools/oracles}" python-dotenv==1.2.4 ruamel.yaml==0.19.1
