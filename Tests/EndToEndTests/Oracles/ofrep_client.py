"""Evaluates flags with OpenFeature's SDK and its OFREP provider.

    ofrep_client.py BASE_URL TOKEN < requests > answers

Each line: {"flag", "type", "default", "context"}; each answer: {"value", "variant", "reason", "errorCode", "metadata"}.
"""
import json
import sys

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

url, token = sys.argv[1:]
api.set_provider_and_wait(OFREPProvider(url, headers_factory=lambda: {"Authorization": f"Bearer {token}"}))
client = api.get_client()
evaluate = {
    "Boolean": client.get_boolean_details, "String": client.get_string_details, "Integer": client.get_integer_details,
    "Float": client.get_float_details, "Object": client.get_object_details,
}
for line in sys.stdin:
    request = json.loads(line)
    attributes = request["context"]
    key = attributes.pop("targetingKey", None)
    details = evaluate[request["type"]](request["flag"], request["default"], EvaluationContext(key, attributes))
    print(json.dumps({
        "value": details.value, "variant": details.variant, "reason": getattr(details.reason, "value", details.reason),
        "errorCode": getattr(details.error_code, "value", details.error_code), "metadata": dict(details.flag_metadata)}))
