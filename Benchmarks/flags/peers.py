"""`peers.py PEER DEFINITIONS SECONDS` prints one line a flag: its key, and how many times a second a library from PyPI evaluates it."""
import json, sys, time

peer, path, seconds = sys.argv[1:]
document = json.load(open(path))
contexts = document.pop("contexts")

if peer == "openfeature-flagd-core":
    from openfeature.contrib.tools.flagd.core import FlagdCore
    from openfeature.evaluation_context import EvaluationContext

    core = FlagdCore()
    core.set_flags(json.dumps(document))
    asked = [EvaluationContext(targeting_key=c["targetingKey"], attributes={k: v for k, v in c.items() if k != "targetingKey"})
             for c in contexts]
    rules = {key: (lambda context, key=key: core.resolve_boolean_value(key, False, context).variant is not None)
             for key in document["flags"]}
else:
    from growthbook import GrowthBook

    # The same rules in GrowthBook's words.
    features = {
        "static": {"defaultValue": True},
        "country": {"defaultValue": False, "rules": [{"condition": {"country": "DE"}, "force": True}]},
        "two-conditions": {"defaultValue": False, "rules": [
            {"condition": {"country": "DE", "plan": {"$in": ["pro", "team", "enterprise"]}}, "force": True}]},
        "half": {"defaultValue": False, "rules": [{"hashAttribute": "targetingKey", "coverage": 0.5, "force": True}]},
    }
    books = [GrowthBook(attributes=context, features=features) for context in contexts]
    asked = books
    rules = {key: (lambda book, key=key: book.eval_feature(key).value is not None) for key in features}

for key, rule in sorted(rules.items()):
    assert all(rule(context) for context in asked)
    # Of a second of the processor, so that what else the machine does matters less.
    begin, count, taken = time.process_time(), 0, 0
    while taken < float(seconds):
        for index in range(400):
            rule(asked[index % len(asked)])
        count += 400
        taken = time.process_time() - begin
    print(key, count / taken)
