#!/usr/bin/env python3
"""Makes descriptions.tsv.gz: what the API documentation says of each definition and field.

Usage: descriptions.py _definitions.json, which PyPI's kubernetes-validate 1.37.0 has in kubernetes-json-schema/v1.36.0-local.
A line is DEFINITION <tab> FIELD <tab> TEXT with \\n for line breaks; the definition's own text has no field.
"""
import glob, gzip, json, os, sys

here = os.path.dirname(os.path.abspath(__file__))
documented = json.load(open(sys.argv[1]))["$defs"]
known = {}
for path in glob.glob(here + "/openapi-v3/*.json.gz"):
    known.update(json.load(gzip.open(path)).get("components", {}).get("schemas", {}))
lines = []
for name in sorted(known):
    own = documented.get(name, {})
    fields = [("", own)] + [(field, own.get("properties", {}).get(field, {})) for field in sorted(known[name].get("properties", {}))]
    for field, schema in fields:
        text = schema.get("description", "")
        if text:
            lines.append("\t".join([name, field, text.replace("\\", "\\\\").replace("\t", " ").replace("\n", "\\n")]) + "\n")
with open(here + "/descriptions.tsv.gz", "wb") as out:
    out.write(gzip.compress("".join(lines).encode(), 9, mtime=0))
