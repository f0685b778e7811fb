"""An OpenID provider: oidc-provider-mock, which knows everybody by the name they enter. It does not look at PKCE.

It prints `listening at PORT` and serves on 127.0.0.1. The issuer is http://127.0.0.1:PORT.
"""

import os
import threading

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import oidc_provider_mock  # noqa: E402

with oidc_provider_mock.run_server_in_thread() as server:
    print(f"listening at {server.server_port}", flush=True)
    threading.Event().wait()
