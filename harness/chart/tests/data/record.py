#!/usr/bin/env python3
"""Records what real Helm says of expressions.txt, set.txt and charts.jsonl, into expected/. Usage: record.py HELM [expressions|set|charts]"""

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


def render(files, options=()):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        command = [HELM, "template", "release-name", folder, *options]
        run = subprocess.run(command, capture_output=True, cwd=DATA)
    if run.returncode == 0:
        return {"out": run.stdout.decode().strip()}
    error = run.stderr.decode()
    error = error[error.index("Error: ") + len("Error: "):]
    return {"error": error.replace("\n\nUse --debug flag to render out invalid YAML\n", "").strip("\n")}


def template(text, values, options=()):
    return render({"Chart.yaml": CHART, "values.yaml": values, "templates/a.yaml": text}, options)


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


def chart(line):
    given = json.loads(line)
    outcome = render(given["files"], given["options"])
    # Where a chart is refused, the words are ours.
    return {"template": given["name"], **({"error": None} if "error" in outcome else outcome)}


for name, kind, record in [("expressions", "txt", expression), ("set", "txt", options), ("charts", "jsonl", chart)]:
    if sys.argv[2:] in ([], [name]):
        lines = (DATA / f"{name}.{kind}").read_text().rstrip("\n").split("\n")
        with ThreadPoolExecutor(2) as pool:
            records = [json.dumps(outcome, ensure_ascii=False) for outcome in pool.map(record, lines)]
        (DATA / f"expected/{name}.jsonl").write_text("\n".join(records) + "\n")
