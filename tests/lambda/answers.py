"""Starts every release bootstrap as Lambda does and gives it the payloads of events/: with the variables that
template.yaml sets and no other, the Runtime API on loopback, and the stack of `likeness serve` for AWS, R2 and fal. Run
by `tests/run lambda`.

Usage: answers.py BOOTSTRAPS LIKENESS   e.g. answers.py target/lambda target/debug/likeness"""

import http.server
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lint"))
import cloudformation  # noqa: E402

# As the payload of events/ has it.
API_KEY = "example-key"
PATIENCE = 30
TRACE = "Root=1-6afd8698-5f84c0de1b2a3c4d5e6f7081;Parent=53995c3f42cd8ad8;Sampled=1"


# ---------------------------------------------------------------------------------------------------- the Runtime API


class Runtime:
    """One function's sandbox. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    def __init__(self, bootstrap, name, memory, variables):
        self.name = name
        self.invocations = queue.Queue()
        self.answers = queue.Queue()
        runtime = self

        class Api(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                invocation = runtime.invocations.get()
                if invocation is None:  # the function is gone
                    self.close_connection = True
                    return
                self.answer(
                    200,
                    json.dumps(invocation).encode(),
                    {
                        "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                        "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + PATIENCE * 1000),
                        "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
                        "Lambda-Runtime-Trace-Id": TRACE,
                    },
                )

            def do_POST(self):
                length = self.headers["Content-Length"]
                body = self.chunks() if length is None else self.rfile.read(int(length))
                # .../response, .../error
                runtime.answers.put((self.path.rsplit("/", 1)[1], json.loads(body or b"null")))
                self.answer(202, b"{}")

            def chunks(self):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def answer(self, status, body, headers=None):
                self.send_response(status)
                for header, value in (headers or {}).items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        self.process = subprocess.Popen(
            [bootstrap],
            env={
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
                "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log = []
        threading.Thread(target=lambda: self.log.extend(self.process.stdout), daemon=True).start()

    def invoke(self, payload):
        """("response" or "error", what was answered)"""
        self.invocations.put(payload)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                return self.answers.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    return "exit", f"status {self.process.returncode}: {''.join(self.log)}"
        return "silence", f"nothing in {PATIENCE} s: {''.join(self.log)}"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.invocations.put(None)
        self.api.shutdown()


# ------------------------------------------------------------------------------------------------------- the variables


def local_stack(likeness, folder):
    """Starts `likeness serve`; returns it and where its parts are."""
    process = subprocess.Popen(
        [likeness, "serve", "--port", "0", "--data", folder, "--fal-delay", "100"],
        env={"PATH": os.environ["PATH"], "LIKENESS_API_KEY": API_KEY, "RUST_LOG": "error"},
        stdout=subprocess.PIPE,
        text=True,
    )
    parts = {}
    for line in process.stdout:
        name, _, value = line.strip().partition(" ")
        parts[name] = value.strip().split(" ")[0]
        if name == "ready":
            return process, parts
    sys.exit(f"likeness serve ended with {process.wait()} before it was ready")


def variables_of(template, function, parts):
    """What the template sets, with local/src/stack/environment.rs's values for what is AWS, R2 or fal."""
    lane = f"{parts['sqs']}/000000000000/likeness"
    local = {
        "TABLE_NAME": "likeness",
        "MASTER_QUEUE_URL": f"{lane}-master",
        "PROFILE_QUEUE_URL": f"{lane}-profile",
        "COMPOSITE_QUEUE_URL": f"{lane}-composite",
        "PORTRAIT_QUEUE_URL": f"{lane}-portrait",
        "INGEST_QUEUE_URL": f"{lane}-ingest",
        "PUBLIC_URL": parts["api"],
        "R2_ENDPOINT": parts["s3"],
        "R2_ACCESS_KEY_ID": "local",
        "R2_SECRET_ACCESS_KEY": "local-secret",
        "R2_BUCKET_NAME": "likeness-images",
        "R2_PUBLIC_DOMAIN": parts["images"],
        "FAL_KEY": "local:emulator",
        "FAL_QUEUE_URL": parts["fal"],
        "FAL_JWKS_URL": f"{parts['fal']}/.well-known/jwks.json",
        "FAL_WEBHOOK_USER_ID": "emulator-user",
    }
    # Lambda's own.
    variables = {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local-secret",
        "AWS_ENDPOINT_URL_DYNAMODB": parts["dynamodb"],
        "AWS_ENDPOINT_URL_SQS": parts["sqs"],
    }
    for name, value in cloudformation.environment(template, function).items():
        variables[name] = local[name] if name in local else str(template["Parameters"][value["Ref"]]["Default"])
    return variables


# ----------------------------------------------------------------------------------------------------------- the cases


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
    return answer.keys() == {"overdue", "recovered", "givenUp", "reminded", "errors"} and answer["errors"] == 0


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
        stack, parts = local_stack(likeness, folder)
        runtimes = {}
        try:
            for name, what, payload, judge in CASES:
                if name not in runtimes:
                    memory = functions[name]["Properties"]["MemorySize"]
                    variables = variables_of(template, functions[name], parts)
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
