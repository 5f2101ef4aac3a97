"""How fast and how small the release functions are: each is started as Lambda starts it, again and again, and the five
make pictures together, over the engines and the emulator of `likeness serve`.

A round makes one picture: `api` takes a master, `generate` submits it, `webhook` gets fal's callback as the emulator
signs it, `ingest` stores the picture and ends the job, and `cleanup` sweeps. A sample is five new processes and ten
rounds, then a callback that is refused. Hints go to a queue that nobody reads, so the stack's own functions rest.

Figures are medians over the samples. exec -> next holds what Python needs to start a process and to take a request, and
calls hold the engines' time; CPU is the function's alone. The engines speak plain HTTP: roots are read, but no TLS
handshake is made.

Usage: startup.py BOOTSTRAPS LIKENESS [--samples N] [--json]   e.g. startup.py target/lambda target/debug/likeness"""

import argparse
import http.server
import io
import json
import pathlib
import queue
import signal
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lambda"))
import local_stack  # noqa: E402
from local_stack import ROOT, cloudformation  # noqa: E402
from runtime_api import PATIENCE, Runtime  # noqa: E402

FUNCTIONS = ("api", "generate", "webhook", "ingest", "cleanup")
ROUNDS = 10
# The first samples find cold files.
DISCARDED = 2
MEGABYTE = 1_000_000
# What ingest may have above the others: the picture of a round, decoded.
PIXELS = 1024 * 1024 * 4


# ----------------------------------------------------------------------------------------------------------- payloads


def event(name):
    return json.loads((ROOT / "events" / name).read_text())


def master(number):
    """An order that nobody has given before."""
    payload = event("api-create-master.json")
    payload["headers"]["idempotency-key"] = f"startup-{number}"
    payload["body"] = json.dumps({**json.loads(payload["body"]), "seed": number, "variations": 1})
    return payload


def read(path):
    payload = event("api-healthz.json")
    return {
        **payload,
        "rawPath": path,
        "headers": {**payload["headers"], "authorization": f"Bearer {local_stack.API_KEY}"},
        "requestContext": {**payload["requestContext"], "http": {**payload["requestContext"]["http"], "path": path}},
    }


def hint(name, body):
    payload = event(name)
    payload["Records"][0]["body"] = json.dumps(body)
    return payload


def callback(query, headers, body):
    payload = event("webhook-fal.json")
    return {
        **payload,
        "rawQueryString": query,
        "queryStringParameters": dict(urllib.parse.parse_qsl(query)),
        "headers": {**payload["headers"], **headers},
        "body": body,
    }


class Callbacks:
    """Where the emulator calls back: takes everything, and keeps it for `webhook`."""

    def __init__(self):
        self.received = received = queue.Queue()

        class Receiver(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers["content-length"])).decode()
                received.put(callback(urllib.parse.urlsplit(self.path).query, headers, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


# ---------------------------------------------------------------------------------------------------------- one sample


class Measured:
    """One process, from its start on."""

    def __init__(self, *sandbox):
        self.runtime = Runtime(*sandbox)
        self.start = (self.runtime.wait_until_idle() - self.runtime.executed) * 1000
        self.start_cpu = self.cpu()
        self.start_memory = self.memory("VmHWM")
        self.calls = []

    def invoke(self, payload):
        """The answer, and the CPU that it took up to the function's asking for more."""
        before = self.cpu()
        kind, answer = self.runtime.invoke(payload)
        if kind != "response":
            sys.exit(f"{self.runtime.name}: {kind}: {answer}")
        self.runtime.wait_until_idle()
        return answer, self.cpu() - before

    def work(self, payload, good):
        answer, cpu = self.invoke(payload)
        if not good(answer):
            sys.exit(f"{self.runtime.name} answered {json.dumps(answer)}: {''.join(self.runtime.log)}")
        self.calls.append(((self.runtime.answered - self.runtime.handed) * 1000, cpu))
        return answer

    def cpu(self):
        """Milliseconds, of all its threads: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of Linux."""
        return time.clock_gettime((~self.runtime.process.pid << 3) | 2) * 1000

    def memory(self, field):
        lines = pathlib.Path(f"/proc/{self.runtime.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024 / MEGABYTE


def no_failure(answer):
    return answer == {"batchItemFailures": []}


def make_picture(processes, callbacks, number):
    """One round; returns where its job is read."""
    accepted = processes["api"].work(master(number), lambda answer: answer["statusCode"] == 202)
    place = accepted["headers"]["location"]
    processes["generate"].work(hint("generate-sqs.json", {"job": place.rsplit("/", 1)[1]}), no_failure)
    called = callbacks.received.get(timeout=PATIENCE)
    processes["webhook"].work(called, lambda answer: answer["statusCode"] == 200)
    processes["ingest"].work(hint("ingest-sqs.json", {"shot": called["queryStringParameters"]["shot"]}), no_failure)
    processes["cleanup"].work(event("cleanup-schedule.json"), lambda answer: answer["errors"] == 0)
    return place


def sample(sandboxes, callbacks, number):
    """Each function's figures, and the CPU of a callback that is refused."""
    processes = {}
    try:
        # Each is the first in turn.
        for turn in range(len(FUNCTIONS)):
            name = FUNCTIONS[(number + turn) % len(FUNCTIONS)]
            processes[name] = Measured(*sandboxes[name])
        for turn in range(ROUNDS):
            place = make_picture(processes, callbacks, number * ROUNDS + turn)
        job, _ = processes["api"].invoke(read(place))
        if json.loads(job["body"]).get("status") != "completed":
            sys.exit(f"a round left its job at {job['body']}")
        refused, refused_cpu = processes["webhook"].invoke(event("webhook-fal.json"))
        if refused["statusCode"] != 401:
            sys.exit(f"an old signature was answered with {refused}")
        figures = {
            name: {
                "start": process.start,
                "start_cpu": process.start_cpu,
                "start_memory": process.start_memory,
                "first": process.calls[0][0],
                "first_more": process.calls[0][0] - statistics.median(time for time, _ in process.calls[1:]),
                "first_cpu": process.calls[0][1],
                "tenth": process.calls[-1][0],
                "warm_cpu": statistics.median(cpu for _, cpu in process.calls[1:]),
                "memory": process.memory("VmHWM"),
            }
            for name, process in processes.items()
        }
        figures["webhook"]["refused_cpu"] = refused_cpu
        return figures
    finally:
        for process in processes.values():
            process.runtime.stop()


# ------------------------------------------------------------------------------------------------------------- figures


def sizes(bootstrap):
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(bootstrap, "bootstrap")
    return {"binary": bootstrap.stat().st_size / MEGABYTE, "zip": len(zipped.getvalue()) / MEGABYTE}


def summary(samples, name, bootstrap):
    kept = [figures[name] for figures in samples]
    medians = {what: statistics.median(figures[what] for figures in kept) for what in kept[0]}
    least = {f"{what}_least": min(figures[what] for figures in kept) for what in ("start", "first", "tenth")}
    return {**sizes(bootstrap), **medians, **least, "memory": max(figures["memory"] for figures in kept)}


def goals(results):
    """(what, figure, at most)"""
    for name, figures in results.items():
        yield f"{name}: zip, MB", figures["zip"], 10 if name == "ingest" else 6
        yield f"{name}: exec -> next, ms", figures["start"], 10
        yield f"{name}: first invocation above a later one, ms", figures["first_more"], 15
        pixels = PIXELS / MEGABYTE if name == "ingest" else 0
        yield f"{name}: peak memory, MB", figures["memory"], 40 + pixels
    yield "webhook: CPU of a warm invocation, ms", results["webhook"]["warm_cpu"], 2


COLUMNS = [
    ("binary MB", lambda f: f"{f['binary']:.1f}"),
    ("zip MB", lambda f: f"{f['zip']:.2f}"),
    ("exec -> next ms (least)", lambda f: f"{f['start']:.1f} ({f['start_least']:.1f})"),
    ("first ms (least)", lambda f: f"{f['first']:.1f} ({f['first_least']:.1f})"),
    ("tenth ms (least)", lambda f: f"{f['tenth']:.1f} ({f['tenth_least']:.1f})"),
    ("CPU ms: start", lambda f: f"{f['start_cpu']:.1f}"),
    ("first", lambda f: f"{f['first_cpu']:.1f}"),
    ("warm", lambda f: f"{f['warm_cpu']:.2f}"),
    ("memory MB: start", lambda f: f"{f['start_memory']:.1f}"),
    ("peak", lambda f: f"{f['memory']:.1f}"),
]


def table(results):
    rows = [["function", *(title for title, _ in COLUMNS)]]
    rows += [[name, *(show(figures) for _, show in COLUMNS)] for name, figures in results.items()]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstraps", type=pathlib.Path)
    parser.add_argument("likeness")
    parser.add_argument("--samples", type=int, default=20, help=f"the first {DISCARDED} of them do not count")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.samples <= DISCARDED:
        parser.error(f"at least {DISCARDED + 1} samples")
    template = cloudformation.template()
    functions = {f["Metadata"]["BuildProperties"]["Binary"]: f for f in cloudformation.functions(template).values()}
    if set(FUNCTIONS) != functions.keys():
        sys.exit(f"template.yaml has the functions {sorted(functions)}")
    callbacks = Callbacks()
    # As many as the machine makes, and nobody else asks fal meanwhile.
    pace = {"FAL_RATE_LIMIT_PER_MINUTE": "100000", "FAL_CHECK_AFTER_SECONDS": "60"}
    with tempfile.TemporaryDirectory(prefix="likeness-startup-") as folder:
        stack, parts = local_stack.start(options.likeness, folder, {**pace, "PUBLIC_URL": callbacks.url})
        try:
            sandboxes = {}
            for name in FUNCTIONS:
                variables = local_stack.variables_of(template, functions[name], parts)
                for variable in variables:
                    if variable.endswith("_QUEUE_URL") and variable != "FAL_QUEUE_URL":
                        variables[variable] = f"{parts['sqs']}/000000000000/likeness-ingest-dead-letters"
                variables |= {v: callbacks.url for v in ("PUBLIC_URL",) if v in variables}
                variables |= {v: value for v, value in pace.items() if v in variables}
                memory = functions[name]["Properties"]["MemorySize"]
                sandboxes[name] = (options.bootstraps / name / "bootstrap", name, memory, variables)
            samples = [sample(sandboxes, callbacks, number) for number in range(options.samples)]
        finally:
            stack.send_signal(signal.SIGINT)
            stack.wait()
    results = {name: summary(samples[DISCARDED:], name, sandboxes[name][0]) for name in FUNCTIONS}
    missed = [goal for goal in goals(results) if goal[1] > goal[2]]
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        table(results)
        print(f"webhook, a callback that is refused: {results['webhook']['refused_cpu']:.2f} ms CPU")
        for what, figure, most in goals(results):
            print(f"{'FAIL' if figure > most else 'pass'}  {what}: {figure:.2f}, at most {most:.1f}")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
