"""OpenFeature's flagd provider against a server: prints what it is told and what flags come to, one line each.

    flagd_provider.py PORT MODE QUESTIONS

MODE is rpc or in-process. QUESTIONS is a JSON file: [{"flag", "type", "default", "context"}, …]. In the environment: TOKEN, sent with every
call; AUTHORITY, a PEM file that signed the server's certificate, for TLS; CERTIFICATE and KEY, PEM files to show in the handshake; SELECTOR.

Prints "event {"name", "flags", "message" of an error}" for each event of the provider, and "answers [{"value", "variant", "reason", "errorCode", "metadata"}, …]"
once it is ready and after each change. Ends at SIGTERM, or when the server says that it never will be ready.
"""
import json
import os
import queue
import signal
import sys

import grpc
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import CacheType, ResolverType
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent

port, mode, questions = sys.argv[1:]
with open(questions, encoding="utf-8") as file:
    # A whole number that large was a float before it was written as JSON.
    questions = json.load(file, parse_int=lambda text: int(text) if abs(int(text)) < 1 << 63 else float(text))
token = os.environ.get("TOKEN")
authority = os.environ.get("AUTHORITY")


class Authorization(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Sends the token where there is no TLS: gRPC's own credentials need it."""

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self.authorized(details), request)

    def intercept_unary_stream(self, continuation, details, request):
        return continuation(self.authorized(details), request)

    @staticmethod
    def authorized(details):
        metadata = list(details.metadata or []) + [("authorization", "Bearer " + token)]
        return details._replace(metadata=metadata)


settings = {}
if authority:
    files = [open(os.environ[name], "rb").read() if name in os.environ else None for name in ("AUTHORITY", "KEY", "CERTIFICATE")]
    credentials = grpc.ssl_channel_credentials(*files)
    if token:
        credentials = grpc.composite_channel_credentials(credentials, grpc.access_token_call_credentials(token))
    settings = {"tls": True, "channel_credentials": credentials}
elif token:
    insecure_channel = grpc.insecure_channel
    grpc.insecure_channel = lambda *args, **kwargs: grpc.intercept_channel(insecure_channel(*args, **kwargs), Authorization())


def say(kind, value):
    print(kind, json.dumps(value, sort_keys=True), flush=True)


changes = queue.Queue()


def told(event):
    def handle(details):
        said = {"name": event.name, "flags": sorted(details.flags_changed or [])}
        if event == ProviderEvent.PROVIDER_ERROR:
            said["message"] = details.message
        say("event", said)
        if event == ProviderEvent.PROVIDER_CONFIGURATION_CHANGED:
            changes.put(True)

    return handle


def answers():
    client = api.get_client()
    ask = {
        "boolean": client.get_boolean_details, "string": client.get_string_details, "integer": client.get_integer_details,
        "float": client.get_float_details, "object": client.get_object_details,
    }
    results = []
    for question in questions:
        context = dict(question.get("context") or {})
        details = ask[question["type"].lower()](
            question["flag"], question["default"], EvaluationContext(context.pop("targetingKey", None), context))
        results.append({
            "value": details.value, "variant": details.variant, "reason": details.reason,
            "errorCode": details.error_code.value if details.error_code else None, "metadata": dict(details.flag_metadata),
        })
    say("answers", results)


signal.signal(signal.SIGTERM, lambda *_: changes.put(False))
for event in ProviderEvent:
    api.add_handler(event, told(event))
provider = FlagdProvider(
    host="localhost", port=int(port), resolver_type=ResolverType(mode), selector=os.environ.get("SELECTOR"),
    cache=CacheType.LRU, deadline_ms=60_000, retry_backoff_ms=200, retry_backoff_max_ms=200, retry_grace_period=1,
    fatal_status_codes=["PERMISSION_DENIED", "UNAUTHENTICATED"], **settings)
try:
    api.set_provider_and_wait(provider)
except Exception as error:  # noqa: BLE001
    say("failed", str(error))
    sys.exit(1)
answers()
while changes.get():
    answers()
api.shutdown()
