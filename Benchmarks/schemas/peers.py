"""`peers.py PEER SCHEMA DOCUMENT parsed|text SECONDS` prints how many times a second a library from PyPI finds the document valid."""
import json, sys, time

peer, schema, document, source, seconds = sys.argv[1:]
schema, text = json.load(open(schema)), open(document).read()
if peer == "jsonschema-rs":
    import jsonschema_rs
    is_valid = jsonschema_rs.validator_for(schema).is_valid
else:
    import fastjsonschema
    validate = fastjsonschema.compile(schema, use_formats=False, use_default=False)

    def is_valid(value):
        try:
            validate(value)
            return True
        except fastjsonschema.JsonSchemaException:
            return False

value = json.loads(text)
assert is_valid(value) and not is_valid({"name": 1})
once = (lambda: is_valid(value)) if source == "parsed" else (lambda: is_valid(json.loads(text)))
# Of a second of the processor, so that what else the machine does matters less.
begin, count, taken = time.process_time(), 0, 0
while taken < float(seconds):
    for _ in range(200):
        once()
    count += 200
    taken = time.process_time() - begin
print(count / taken)
