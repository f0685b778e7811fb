"""Scenarios of flagd's test bed with OpenFeature's flagd provider against a server that its tester stops, starts and alters.

    flagd_scenarios.py PORT MODE SCENARIOS FOLDER

MODE is rpc or in-process. SCENARIOS is a JSON file: [{"name", "steps": [{"text", "quoted", "table"}, …]}, …]. In the environment: TOKEN, sent
with every call; FORBIDDEN, a token that may not evaluate; SELECTORS, JSON: what a source of the test bed is called here, "" for none;
AUTHORITY, a PEM file that signed the server's certificate, for TLS.

Prints "say N WORD": lose, restore or alter, which are done when there is a file N in FOLDER, or "result {"name", "failure"}".
"""
import json
import os
import sys
import threading
import time

import grpc
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import CacheType, ResolverType
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent
from openfeature.provider import ProviderStatus

port, mode, scenarios, folder = sys.argv[1:]
selectors = json.loads(os.environ["SELECTORS"])
authority = os.environ.get("AUTHORITY")
token = os.environ["TOKEN"]
EVENTS = {
    "ready": ProviderEvent.PROVIDER_READY, "error": ProviderEvent.PROVIDER_ERROR, "stale": ProviderEvent.PROVIDER_STALE,
    "change": ProviderEvent.PROVIDER_CONFIGURATION_CHANGED,
}
said = 0


def say(words):
    global said
    said += 1
    print("say", said, words, flush=True)
    return said


def ask(word):
    done = os.path.join(folder, str(say(word)))
    while not os.path.exists(done):
        time.sleep(0.02)


class Authorization(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self.authorized(details), request)

    def intercept_unary_stream(self, continuation, details, request):
        return continuation(self.authorized(details), request)

    @staticmethod
    def authorized(details):
        return details._replace(metadata=list(details.metadata or []) + [("authorization", "Bearer " + token)])


insecure_channel = grpc.insecure_channel
grpc.insecure_channel = lambda *args, **kwargs: grpc.intercept_channel(insecure_channel(*args, **kwargs), Authorization())


def parsed(kind, text):
    return text if kind.lower() == "string" else json.loads(text)


class Run:
    def __init__(self):
        self.options, self.settings = {}, {}
        self.client = self.flag = self.details = self.change = None
        self.is_lost = False
        self.events, self.cursor, self.lock = [], 0, threading.Condition()

    def option(self, name, value):
        if name == "selector":
            self.settings["selector"] = selectors[value]
        elif name == "cache":
            self.settings["cache"] = CacheType(value)
        elif name == "deadlineMs":
            self.settings["deadline_ms"] = int(value)
        elif name == "fatalStatusCodes":
            self.settings["fatal_status_codes"] = value.split(",")
        else:
            raise AssertionError("an option that is not understood: " + name)

    def provider(self, kind):
        global token
        token = os.environ["FORBIDDEN" if kind == "forbidden" else "TOKEN"]
        settings = dict(
            host="localhost", port=1 if kind == "unavailable" else int(port), resolver_type=ResolverType(mode), selector=selectors[""],
            cache=CacheType.LRU, deadline_ms=20_000, retry_backoff_ms=200, retry_backoff_max_ms=200, retry_grace_period=5)
        settings.update(self.settings)
        if authority:
            with open(authority, "rb") as file:
                credentials = grpc.composite_channel_credentials(
                    grpc.ssl_channel_credentials(file.read()), grpc.access_token_call_credentials(token))
            settings.update(tls=True, channel_credentials=credentials)
        self.client = api.get_client()
        made = FlagdProvider(**settings)
        if kind in ("unavailable", "forbidden"):
            # Their handlers are told even of what is over by then, as of a status.
            api.set_provider(made)
        else:
            api.set_provider_and_wait(made)

    def told(self, name):
        def handle(details):
            with self.lock:
                self.events.append((name, details))
                self.lock.notify_all()

        return handle

    def wait(self, name, seconds=60):
        if name == "ready" and self.is_lost:
            ask("restore")
            self.is_lost = False
        end = time.monotonic() + seconds
        with self.lock:
            while True:
                for index in range(self.cursor, len(self.events)):
                    if self.events[index][0] == name:
                        self.cursor = index + 1
                        return self.events[index][1]
                left = end - time.monotonic()
                assert left > 0, "no event of the kind " + name + " but " + str([told for told, _ in self.events])
                self.lock.wait(left)

    def evaluate(self):
        key, kind, default = self.flag
        ask_for = {
            "boolean": self.client.get_boolean_details, "string": self.client.get_string_details,
            "integer": self.client.get_integer_details, "float": self.client.get_float_details,
            "object": self.client.get_object_details,
        }
        self.details = ask_for[kind.lower()](key, default, EvaluationContext())

    def step(self, text, quoted, table):
        words = text.split(" ")
        if text.startswith("an option"):
            self.option(quoted[0], quoted[2])
        elif text.endswith(" flagd provider"):
            self.provider(words[1])
        elif "-flag with key" in text:
            kind = words[1].split("-")[0]
            self.flag = (quoted[0], kind, parsed(kind, quoted[1]))
        elif text.endswith(" event handler"):
            self.client.add_handler(EVENTS[words[1]], self.told(words[1]))
        elif " event was fired" in text:
            details = self.wait(words[1])
            self.change = details if words[1] == "change" else self.change
        elif "event handler should have been executed" in text:
            self.wait(words[1])
        elif text == "the flag was modified":
            ask("alter")
        elif text == "the flag should be part of the event payload":
            assert self.flag[0] in self.change.flags_changed, str(self.change)
        elif text.startswith("the flag was evaluated"):
            self.evaluate()
        elif text.startswith("the connection is lost"):
            ask("lose")
            self.is_lost = True
        elif text.startswith("the resolved details value should be"):
            assert self.details.value == parsed(self.flag[1], quoted[0]), str(self.details)
        elif text.startswith("the reason should be"):
            assert self.details.reason == quoted[0], str(self.details)
        elif text.startswith("the resolved metadata should contain"):
            for name, kind, value in table[1:]:
                assert self.details.flag_metadata.get(name) == parsed(kind, value), str(self.details)
        elif text.startswith("the client should be in fatal state"):
            assert self.client.get_provider_status() == ProviderStatus.FATAL, str(self.client.get_provider_status())
        else:
            raise AssertionError("a step that is not understood: " + text)


with open(scenarios, encoding="utf-8") as file:
    scenarios = json.load(file)
for scenario in scenarios:
    run, failure = Run(), None
    try:
        for step in scenario["steps"]:
            failure = step["text"]
            run.step(step["text"], step["quoted"], step["table"])
        failure = None
    except Exception as error:  # noqa: BLE001
        failure = f"{failure}: {error!r}"
    if run.is_lost:
        ask("restore")
    api.clear_hooks()
    api.shutdown()
    say("result " + json.dumps({"name": scenario["name"], "failure": failure}))
os._exit(0)
