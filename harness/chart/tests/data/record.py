#!/usr/bin/env python3
"""Records what real Helm says of expressions.txt and set.txt, into expected/. Usage: record.py HELM [expressions|set]"""

import json
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

DATA = pathlib.Path(__file__).resolve().parent
HELM = sys.argv[1]
CHART = "apiVersion: v2\nname: t\nversion: 0.1.0\n"
# Each value with its type, as JSON, so that nothing is lost on the way through YAML.
PRINTED = '{{ $x := %s }}v: {{ printf "%%T %%v" $x $x | toJson }}'
ALL = 'kind: X\nv: {{ .Values | toJson | quote }}\n'


def template(text, values, args=()):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "templates").mkdir()
        (folder / "Chart.yaml").write_text(CHART)
        (folder / "values.yaml").write_text(values)
        (folder / "templates/a.yaml").write_text(text)
        command = [HELM, "template", "release-name", str(folder), *args]
        run = subprocess.run(command, capture_output=True, text=True, cwd=DATA)
    if run.returncode == 0:
        return {"out": run.stdout.strip()}
    error = run.stderr[run.stderr.index("Error: ") + len("Error: "):]
    return {"error": error.replace("\n\nUse --debug flag to render out invalid YAML\n", "").strip("\n")}


def expression(line):
    mark, text = line[0], line[1:].replace("\\N", "\n")
    body = text[len("RAW "):] if text.startswith("RAW ") else PRINTED % text
    outcome = template(body, (DATA / "values/expressions.yaml").read_text())
    # A `~` says that only the failure counts, not its words.
    return {"template": body, **({"error": None} if mark == "~" else outcome)}


def options(line):
    outcome = template(ALL, (DATA / "values/set.yaml").read_text(), line.split("\t"))
    # Helm names the option before its words, we the whole expression.
    return {"options": line.split("\t"), **({"error": None} if "error" in outcome else outcome)}


for name, record in [("expressions", expression), ("set", options)]:
    if sys.argv[2:] in ([], [name]):
        lines = (DATA / f"{name}.txt").read_text().splitlines()
        with ThreadPoolExecutor(2) as pool:
            records = [json.dumps(outcome, ensure_ascii=False) for outcome in pool.map(record, lines)]
        (DATA / f"expected/{name}.jsonl").write_text("\n".join(records) + "\n")
