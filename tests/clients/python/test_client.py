"""fal's own Python client against the emulator: the addresses that it holds in globals are pointed there."""

import asyncio
import http.server
import json
import os
import threading
import urllib.request

import pytest

EMULATOR = os.environ["FAL_EMULATOR_URL"]
os.environ["FAL_KEY"] = "key-id:key-secret"
os.environ["NO_PROXY"] = "127.0.0.1,localhost"

import fal_client  # noqa: E402  the key is read at import
import fal_client.client  # noqa: E402

fal_client.client.QUEUE_URL_FORMAT = f"{EMULATOR}/"
fal_client.client.RUN_URL_FORMAT = f"{EMULATOR}/run/"
fal_client.client.REST_URL = EMULATOR
fal_client.client.CDN_URL = EMULATOR

DEV = "fal-ai/flux/dev"
SMALL = {"image_size": {"width": 128, "height": 128}, "seed": 7, "output_format": "png"}


def control(method, path, body=None):
    request = urllib.request.Request(
        f"{EMULATOR}/_emulator/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def fault(prompt, what):
    control("POST", "faults", {"when": {"prompt_contains": prompt}, "times": 1, "do": what})


def download(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


@pytest.fixture(autouse=True)
def clean():
    yield
    control("DELETE", "faults")
    assert control("GET", "violations") == []


def test_submit_status_result():
    handle = fal_client.submit(
        DEV, {"prompt": "py queue", **SMALL}, hint="lora-1", priority="low", start_timeout=30
    )
    assert isinstance(handle.status(with_logs=True), (fal_client.Queued, fal_client.InProgress, fal_client.Completed))
    output = handle.get()
    assert output["seed"] == 7
    done = fal_client.status(DEV, handle.request_id, with_logs=True)
    assert isinstance(done, fal_client.Completed) and done.logs
    assert fal_client.result(DEV, handle.request_id) == output
    assert download(output["images"][0]["url"])[1:4] == b"PNG"
    entry = next(entry for entry in control("GET", "ledger") if entry["request_id"] == handle.request_id)
    hints = entry["hints"]
    assert (hints["runner_hint"], hints["priority"], hints["start_timeout"]) == ("lora-1", "low", 30.0)


def test_subscribe_with_logs():
    fault("py subscribe", {"generation": {"slow": {"ms": 80}}})
    seen = []
    output = fal_client.subscribe(
        "fal-ai/flux-pro/v1.1",
        {"prompt": "py subscribe", **SMALL},
        with_logs=True,
        on_queue_update=lambda update: seen.append(type(update)),
        interval=0.02,
    )
    assert len(output["images"]) == 1
    assert fal_client.InProgress in seen and seen[-1] is fal_client.Completed


def test_run():
    assert fal_client.run("fal-ai/flux/schnell", {"prompt": "py run", **SMALL})["prompt"] == "py run"


def test_cancel():
    fault("py cancel", {"generation": "never_finish"})
    handle = fal_client.submit(DEV, {"prompt": "py cancel", **SMALL})
    handle.cancel()
    with pytest.raises(fal_client.client.FalClientHTTPError) as failure:
        handle.get()
    assert failure.value.status_code == 499
    assert failure.value.error_type == "client_cancelled"


def test_upload():
    drawn = fal_client.run(DEV, {"prompt": "py upload", **SMALL})
    image = download(drawn["images"][0]["url"])
    url = fal_client.upload(image, "image/png", file_name="a.png")
    assert download(url) == image
    output = fal_client.subscribe("fal-ai/flux-pro/kontext", {"prompt": "back view", "image_url": url})
    assert output["images"][0]["width"] == 1024


def test_errors():
    with pytest.raises(fal_client.client.FalClientHTTPError) as failure:
        fal_client.subscribe("fal-ai/flux/schnell", {"prompt": "x", "num_inference_steps": 28})
    assert failure.value.status_code == 422
    assert failure.value.response.json()["detail"][0]["loc"] == ["body", "num_inference_steps"]

    with pytest.raises(fal_client.client.FalClientHTTPError) as failure:
        fal_client.SyncClient(key="no-colon").submit(DEV, {"prompt": "x"})
    assert failure.value.status_code == 401

    fault("py disconnect", {"generation": {"request_error": {"error_type": "runner_server_error"}}})
    with pytest.raises(fal_client.client.FalClientHTTPError) as failure:
        fal_client.subscribe(DEV, {"prompt": "py disconnect", **SMALL})
    assert (failure.value.status_code, failure.value.error_type) == (500, "runner_server_error")


def test_a_lost_answer_is_a_second_paid_job():
    fault("py lost", {"submit": "drop_after_accept"})
    fal_client.submit(DEV, {"prompt": "py lost", **SMALL})
    paid = [entry for entry in control("GET", "ledger") if entry["input"]["prompt"] == "py lost"]
    assert len(paid) == 2


def test_webhook():
    calls = []
    called = threading.Event()

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            calls.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()
            called.set()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        hook = f"http://127.0.0.1:{server.server_port}/hook?shot=py"
        handle = fal_client.submit(DEV, {"prompt": "py hook", **SMALL}, webhook_url=hook)
        assert called.wait(20)
    finally:
        server.shutdown()
    headers, body = calls[0]
    assert json.loads(body)["request_id"] == handle.request_id
    signature = {name.lower(): value for name, value in headers.items()}["x-fal-webhook-signature"]
    assert len(bytes.fromhex(signature)) == 64


def test_async_client():
    async def journey():
        client = fal_client.AsyncClient(key="key-id:key-secret")
        handle = await client.submit(DEV, {"prompt": "py async", **SMALL})
        output = await handle.get()
        assert output["prompt"] == "py async"
        assert isinstance(await handle.status(), fal_client.Completed)
        url = await client.upload(b"bytes", "text/plain")
        assert download(url) == b"bytes"

        fault("py async cancel", {"generation": "never_finish"})
        handle = await client.submit(DEV, {"prompt": "py async cancel", **SMALL})
        await handle.cancel()
        with pytest.raises(fal_client.client.FalClientHTTPError) as failure:
            await handle.get()
        assert failure.value.status_code == 499

        fault("py async slow", {"generation": {"slow": {"ms": 80}}})
        seen = []
        await client.subscribe(
            DEV,
            {"prompt": "py async slow", **SMALL},
            with_logs=True,
            on_queue_update=lambda update: seen.append(type(update)),
        )
        assert seen[-1] is fal_client.Completed

    asyncio.run(journey())
