"""Lambda as a bootstrap sees it: the Runtime API on loopback, and nothing else in its environment but what it is given.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

import http.server
import json
import queue
import subprocess
import threading
import time
import uuid

PATIENCE = 30
TRACE = "Root=1-6afd8698-5f84c0de1b2a3c4d5e6f7081;Parent=53995c3f42cd8ad8;Sampled=1"


class Gone(Exception):
    """The function ended, or says nothing."""


class Runtime:
    """One function's sandbox. Times are of time.perf_counter."""

    def __init__(self, bootstrap, name, memory, variables):
        self.name = name
        self.invocations = queue.Queue()
        self.answers = queue.Queue()
        # When it asked for its next invocation, once for each time.
        self.asked = queue.Queue()
        # When the last invocation was handed out, and answered.
        self.handed = self.answered = None
        self.api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        self.executed = time.perf_counter()
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
        """("response" or "error", what was answered), or why there is no answer."""
        self.invocations.put(payload)
        try:
            return self.wait_for(self.answers)
        except Gone as gone:
            return "gone", str(gone)

    def wait_until_idle(self):
        """When it asked for its next invocation."""
        return self.wait_for(self.asked)

    def wait_for(self, happened):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                return happened.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    raise Gone(f"status {self.process.returncode}: {''.join(self.log)}") from None
        raise Gone(f"nothing in {PATIENCE} s: {''.join(self.log)}")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.invocations.put(None)
        self.api.shutdown()


def handler(runtime):
    class Api(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer leaves as one write: head and body apart would wait for each other.
        wbufsize = -1

        def do_GET(self):
            runtime.asked.put(time.perf_counter())
            invocation = runtime.invocations.get()
            if invocation is None:  # the function is gone
                self.close_connection = True
                return
            body = json.dumps(invocation).encode()
            headers = {
                "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + PATIENCE * 1000),
                "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:123456789012:function:{runtime.name}",
                "Lambda-Runtime-Trace-Id": TRACE,
            }
            runtime.handed = time.perf_counter()
            self.answer(200, body, headers)

        def do_POST(self):
            length = self.headers["Content-Length"]
            body = self.chunks() if length is None else self.rfile.read(int(length))
            runtime.answered = time.perf_counter()
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

    return Api
