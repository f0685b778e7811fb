"""Generates flag definitions and contexts, and says what flagd-core makes of each, one JSON document a line.

    flagd_core.py SEED COUNT

Every line: {"flags": definition document, "flag", "type", "default", "context", "expected": {"value", "variant", "reason", "errorCode"}}.
"""
import json
import logging
import random
import sys
import types

from openfeature.contrib.tools.flagd.core import FlagdCore
import openfeature.contrib.tools.flagd.core.targeting.targeting  # noqa: F401
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

logging.disable(logging.CRITICAL)
# Rules see the time; both sides are to see the same.
sys.modules["openfeature.contrib.tools.flagd.core.targeting.targeting"].time = types.SimpleNamespace(time=lambda: 1790000000)

ATTRIBUTES = ["country", "email", "age", "version", "beta", "tags", "user", "score", "absent", "empty"]
TEXTS = ["DE", "FR", "de", "a@example.com", "example.com", "", "1", "1.5", " 2 ", "true", "null", "Zürich", "abc", "-3", "1_0", "x" * 30]
NUMBERS = [0, 1, -1, 2, 3, 18, 65, 100, 1.5, -0.25, 1e3, 0.1, 9007199254740993, 123456789012345680.0, 2.5e-7]
VERSIONS = ["1.2.3", "v1.2", "2", "2.0.0-alpha", "2.0.0-alpha.1", "1.10.0", "1.9.9", "1.2.3+build", "01.2.3", "x.y", "2.0.0-rc.11", "2.0.0-rc.2"]
VARIANTS = ["on", "off", "true", "false", "1", "2", "", "red", "blue"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, choices):
        return self.random.choice(choices)

    def literal(self, depth=0):
        kind = self.random.randrange(9 if depth < 2 else 7)
        if kind < 3:
            return self.pick(TEXTS)
        if kind < 5:
            return self.pick(NUMBERS)
        if kind == 5:
            return self.pick([True, False])
        if kind == 6:
            return None
        if kind == 7:
            return [self.literal(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.pick("abc"): self.literal(depth + 1), "d": 1} if self.random.random() < 0.5 else {}

    def path(self):
        return self.pick(ATTRIBUTES + ["user.name", "user.address.city", "tags.0", "tags.7", "tags.length", "email.length", "email.0",
                                       "$flagd.flagKey", "targetingKey", "user.missing.x"])

    def var(self):
        form = self.random.randrange(8)
        if form < 5:
            return {"var": self.path()}
        if form == 5:
            return {"var": [self.path()]}
        if form == 6:
            return {"var": [self.path(), self.literal(1)]}
        return {"var": self.pick(["", [], 0, 1, [""]])}

    def value(self, depth):
        if depth <= 0 or self.random.random() < 0.35:
            return self.literal() if self.random.random() < 0.5 else self.var()
        return self.logic(depth - 1)

    def condition(self, depth):
        kind = self.random.randrange(8)
        if kind == 0:
            return {self.pick(["==", "==="]): [self.var(), self.literal()]}
        if kind == 1:
            return {"in": [self.var(), [self.pick(TEXTS) for _ in range(3)]]}
        if kind == 2:
            return {self.pick(["starts_with", "ends_with"]): [self.var(), self.pick(TEXTS)]}
        if kind == 3:
            return {"sem_ver": [self.version(), self.pick(["=", "!=", "<", "<=", ">", ">=", "^", "~", "=="]), self.version()]}
        return self.logic(depth)

    def version(self):
        return self.pick(VERSIONS) if self.random.random() < 0.6 else self.pick([{"var": "version"}, 1, 1.2, None, True])

    def logic(self, depth):
        operator = self.pick(["==", "!=", "===", "!==", "<", "<=", ">", ">=", "!", "!!", "and", "or", "if", "?:", "in", "cat", "substr", "+", "-",
                              "*", "/", "%", "min", "max", "merge", "map", "filter", "reduce", "all", "some", "none", "missing",
                              "missing_some", "fractional", "sem_ver", "starts_with", "ends_with", "var", "$ref", "unknown"])
        values = lambda low, high: [self.value(depth) for _ in range(self.random.randint(low, high))]
        if operator in ("==", "!=", "===", "!=="):
            left, right = values(2, 2)
            # One list or object compared with itself: a deliberate difference.
            return {operator: [left, right if right != left else 1]}
        if operator in ("<", "<=", ">", ">="):
            return {operator: values(2, 3)}
        if operator in ("!", "!!"):
            return {operator: self.pick([values(0, 2), self.value(depth)])}
        if operator in ("and", "or"):
            return {operator: values(0, 4)}
        if operator in ("if", "?:"):
            return {operator: values(0, 6)}
        if operator == "in":
            return {"in": [self.value(depth), self.pick([self.value(depth), [self.literal(1) for _ in range(4)], "Zürich DE"])]}
        if operator == "substr":
            return {"substr": [self.value(depth)] + [self.pick([self.random.randint(-6, 6), self.value(depth)]) for _ in range(self.random.randint(1, 2))]}
        if operator in ("cat", "+", "*", "min", "max", "merge"):
            return {operator: values(0, 4)}
        if operator in ("-", "/", "%"):
            return {operator: values(1, 2)}
        if operator in ("map", "filter", "all", "some", "none"):
            inner = self.pick([{"var": ""}, {">": [{"var": ""}, 1]}, {"==": [{"var": ""}, "DE"]}, self.value(depth)])
            return {operator: [self.pick([{"var": "tags"}, self.value(depth), [1, 2, 3], []]), inner]}
        if operator == "reduce":
            return {"reduce": [self.pick([{"var": "tags"}, [1, 2, 3], self.value(depth)]),
                               self.pick([{"+": [{"var": "current"}, {"var": "accumulator"}]}, {"cat": [{"var": "accumulator"}, {"var": "current"}]}]),
                               self.pick([0, "", None, 1.5])]}
        if operator == "missing":
            return {"missing": [self.path() for _ in range(self.random.randint(0, 3))]}
        if operator == "missing_some":
            return {"missing_some": [self.random.randint(0, 3), [self.path() for _ in range(self.random.randint(0, 3))]]}
        if operator == "fractional":
            return self.fractional(depth)
        if operator == "sem_ver":
            return {"sem_ver": [self.version(), self.pick(["=", "!=", "<", "<=", ">", ">=", "^", "~"]), self.version()][: self.random.randint(2, 3) + 0 if self.random.random() < 0.1 else 3]}
        if operator in ("starts_with", "ends_with"):
            return {operator: values(1, 3) if self.random.random() < 0.2 else [self.var(), self.pick(TEXTS)]}
        if operator == "var":
            return self.var()
        if operator == "$ref":
            return {"$ref": self.pick(["shared", "shared", "other", "nowhere"])}
        return {"unknown": values(0, 2)}

    def fractional(self, depth):
        shares = []
        for _ in range(self.random.randint(1, 4)):
            name = self.pick(VARIANTS) if self.random.random() < 0.85 else self.value(0)
            weight = self.random.choice([1, 10, 25, 50, 99, 0, -5, 2147483647, 1.5, True, {"var": "age"}, {"if": [{"var": "beta"}, 100, 0]}])
            if self.random.random() < 0.7:
                weight = self.random.randint(0, 100)
            shares.append([name] if self.random.random() < 0.15 else [name, weight])
        if self.random.random() < 0.4:
            return {"fractional": shares}
        key = self.pick([{"var": "targetingKey"}, {"var": "email"}, {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]},
                         {"cat": ["seed", {"var": "user.name"}]}, self.value(0), {"var": "user"}, {"var": "score"}, {"var": "age"}])
        return {"fractional": [key] + shares}

    def targeting(self):
        shape = self.random.randrange(10)
        if shape < 4:
            clauses = []
            for _ in range(self.random.randint(1, 3)):
                clauses += [self.condition(2), self.pick(VARIANTS + [None])]
            if self.random.random() < 0.6:
                clauses.append(self.pick(VARIANTS + [None]))
            return {"if": clauses}
        if shape < 6:
            return self.fractional(1)
        if shape == 6:
            return {"if": [self.condition(2), self.fractional(1), self.pick(VARIANTS + [None])]}
        if shape < 9:
            return {"if": [self.logic(3), self.pick(VARIANTS), self.pick(VARIANTS + [None])]}
        return self.logic(3)

    def shared(self):
        """A shared rule; flagd-core puts it in by a regular expression, which a backslash in its text breaks."""
        while True:
            rule = self.condition(1)
            if "\\" not in json.dumps(rule):
                return rule

    def flag(self):
        kind = self.pick(["boolean", "string", "integer", "double", "object"])
        names = self.random.sample([name for name in VARIANTS if name], self.random.randint(1, 6))
        value = {
            "boolean": lambda: self.pick([True, False]),
            "string": lambda: self.pick(TEXTS),
            "integer": lambda: self.random.randint(-5, 5),
            "double": lambda: self.pick([0.5, 1.25, -7.5, 3]),
            "object": lambda: self.pick([{}, {"a": 1}, {"b": [1, 2, {"c": None}]}]),
        }[kind]
        flag = {"state": "DISABLED" if self.random.random() < 0.05 else "ENABLED", "variants": {name: value() for name in names}}
        default = self.random.random()
        if default < 0.75:
            flag["defaultVariant"] = self.pick(names)
        elif default < 0.85:
            flag["defaultVariant"] = None
        elif default < 0.9:
            flag["defaultVariant"] = "nowhere"
        if self.random.random() < 0.9:
            flag["targeting"] = self.targeting()
        return kind, flag

    def context(self):
        context = {}
        for name in ATTRIBUTES:
            if name == "absent" or self.random.random() < 0.3:
                continue
            context[name] = {
                "country": lambda: self.pick(["DE", "FR", "US"]), "email": lambda: self.pick(["a@example.com", "b@example.org", ""]),
                "age": lambda: self.pick([0, 17, 18, 65, 18.5]), "version": lambda: self.pick(VERSIONS), "beta": lambda: self.pick([True, False]),
                "tags": lambda: self.pick([[], ["DE"], [1, 2, 3], ["a", None, 2.5]]),
                "user": lambda: self.pick([{"name": "jo"}, {"name": "Zoë", "address": {"city": "Bern"}}, {}]),
                "score": lambda: self.pick([0.5, 99.9, -1, 1e16, 123456.789]), "empty": lambda: "",
            }[name]()
        key = self.pick([None, "user-1", "user-%d" % self.random.randrange(100000), ""])
        return key, context


def same_json(text):
    """Numbers as they are read again, so that 1.0 is 1 for everybody who reads the document."""
    return json.loads(text, parse_float=lambda number: int(float(number)) if float(number).is_integer() and abs(float(number)) < 2**63 else float(number))


def main(seed, count):
    generator = Generator(seed)
    for _ in range(count):
        kind, flag = generator.flag()
        document = same_json(json.dumps({"flags": {"flag-under-test": flag}, "$evaluators": {
            "shared": generator.shared(), "other": {"==": [{"var": "country"}, "DE"]}}}))
        key, attributes = generator.context()
        attributes = same_json(json.dumps(attributes))
        default = {"boolean": False, "string": "fallback", "integer": -99, "double": -0.5, "object": {"fallback": True}}[kind]
        core = FlagdCore()
        line = {"flags": json.dumps(document, ensure_ascii=False), "flag": "flag-under-test", "type": kind, "default": default,
                "context": dict(attributes, **({"targetingKey": key} if key is not None else {}))}
        resolve = {"boolean": core.resolve_boolean_value, "string": core.resolve_string_value, "integer": core.resolve_integer_value,
                   "double": core.resolve_float_value, "object": core.resolve_object_value}[kind]
        try:
            core.set_flags(json.dumps(document))
            details = resolve("flag-under-test", default, EvaluationContext(targeting_key=key, attributes=attributes))
            expected = {"value": details.value, "variant": details.variant, "reason": str(details.reason.value), "errorCode": None}
        except OpenFeatureError as error:
            expected = {"value": default, "variant": None, "reason": "ERROR", "errorCode": error.error_code.value}
        except RecursionError:
            continue
        except Exception as error:
            expected = {"value": default, "variant": None, "reason": "ERROR", "errorCode": "GENERAL", "raised": type(error).__name__}
        line["expected"] = expected
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
