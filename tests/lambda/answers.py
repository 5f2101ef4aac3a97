"""Starts every release bootstrap as Lambda does and gives it the payloads of events/: with the variables that
template.yaml sets and no other, the Runtime API on loopback, and the stack of `likeness serve` for AWS, R2 and fal. Run
by `tests/run lambda`.

Usage: answers.py BOOTSTRAPS LIKENESS   e.g. answers.py target/lambda target/debug/likeness"""

import json
import pathlib
import signal
import sys
import tempfile
import time

import local_stack
from local_stack import ROOT, cloudformation
from runtime_api import Runtime


def event(name):
    return json.loads((ROOT / "events" / name).read_text())


def with_key(payload, key):
    return {**payload, "headers": {**payload["headers"], "authorization": f"Bearer {key}"}}


def with_body(payload, body):
    (record,) = payload["Records"]
    return {"Records": [{**record, "body": body}]}


def http_answer(status, content_type):
    return lambda answer: answer["statusCode"] == status and answer["headers"].get("content-type") == content_type


def the_same_job():
    places = set()

    def judge(answer):
        places.add(answer["headers"].get("location"))
        return http_answer(202, "application/json")(answer) and len(places) == 1

    return judge


def failed(*ids):
    return lambda answer: answer == {"batchItemFailures": [{"itemIdentifier": i} for i in ids]}


def is_report(answer):
    return answer.keys() == {"overdue", "recovered", "givenUp", "reminded", "errors", "notReached"} and answer["errors"] == 0


MASTER, GENERATE, INGEST = (event(f"{name}.json") for name in ("api-create-master", "generate-sqs", "ingest-sqs"))
ACCEPTED = the_same_job()
CASES = [
    ("api", "healthz", event("api-healthz.json"), lambda a: (a["statusCode"], a["body"]) == (200, "ok")),
    ("api", "an unknown key", with_key(MASTER, "another"), http_answer(401, "application/problem+json")),
    ("api", "a master", MASTER, ACCEPTED),
    ("api", "the same again", MASTER, ACCEPTED),
    ("generate", "a job that is not there", GENERATE, failed()),
    ("generate", "no hint", with_body(GENERATE, "{"), failed(GENERATE["Records"][0]["messageId"])),
    ("webhook", "a signature of long ago", event("webhook-fal.json"), http_answer(401, "text/plain; charset=utf-8")),
    ("ingest", "a shot that is not there", INGEST, failed()),
    ("ingest", "no hint", with_body(INGEST, "{"), failed(INGEST["Records"][0]["messageId"])),
    ("cleanup", "a sweep", event("cleanup-schedule.json"), is_report),
]


def main(bootstraps, likeness):
    template = cloudformation.template()
    functions = {f["Metadata"]["BuildProperties"]["Binary"]: f for f in cloudformation.functions(template).values()}
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="likeness-lambda-") as folder:
        stack, parts = local_stack.start(likeness, folder)
        runtimes = {}
        try:
            for name, what, payload, judge in CASES:
                if name not in runtimes:
                    memory = functions[name]["Properties"]["MemorySize"]
                    variables = local_stack.variables_of(template, functions[name], parts)
                    runtimes[name] = Runtime(pathlib.Path(bootstraps) / name / "bootstrap", name, memory, variables)
                began = time.monotonic()
                kind, answer = runtimes[name].invoke(payload)
                milliseconds = (time.monotonic() - began) * 1000
                good = kind == "response" and judge(answer)
                wrong += not good
                text = answer if isinstance(answer, str) else json.dumps(answer)
                shown = text if not good or len(text) <= 100 else f"{text[:100]}…"
                verdict = "as expected" if good else f"WRONG ({kind})"
                print(f"{name:9} {what:24} {verdict} {milliseconds:5.0f} ms  {shown}", flush=True)
        finally:
            for runtime in runtimes.values():
                runtime.stop()
            stack.send_signal(signal.SIGINT)
            stack.wait()
    if functions.keys() != runtimes.keys():
        sys.exit(f"no payload for {functions.keys() - runtimes.keys()}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
