#!/bin/sh
# Installs the OpenID providers that Identity is tested against into FOLDER (default .tools/openid beside the package), once.
# Ends with 69 where this machine cannot have them.
set -u
package=$(cd "$(dirname "$0")/../../.." && pwd)
# oauthlib 4 answers the device flow with a member that this django-oauth-toolkit does not take.
exec "$package/scripts/python-tools.sh" "${1:-$package/.tools/openid}" \
    django-oauth-toolkit==3.4.1 Django==5.2.19 oauthlib==3.3.1 oidc-provider-mock==0.3.4 Authlib==1.9.10
