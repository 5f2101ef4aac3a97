// fal's own JavaScript client against the emulator: every call it makes goes through `fetch`, which is pointed there.

import assert from "node:assert/strict";
import { createPublicKey, createHash, verify } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";

import { ApiError, ValidationError, createFalClient } from "@fal-ai/client";

const EMULATOR = process.env.FAL_EMULATOR_URL;
assert.ok(EMULATOR, "FAL_EMULATOR_URL names the emulator");

const DEV = "fal-ai/flux/dev";
const SMALL = { image_size: { width: 128, height: 128 }, seed: 7, output_format: "png" };
const HOSTS = {
  "https://fal.run/": `${EMULATOR}/run/`,
  "https://queue.fal.run/": `${EMULATOR}/`,
  "https://rest.fal.ai/": `${EMULATOR}/`,
};

function rewrite(url) {
  const host = Object.keys(HOSTS).find((host) => url.startsWith(host));
  assert.ok(host || url.startsWith(EMULATOR), `a call leaves for ${url}`);
  return host ? HOSTS[host] + url.slice(host.length) : url;
}

function client(credentials = "key-id:key-secret") {
  return createFalClient({ credentials, fetch: (url, init) => fetch(rewrite(String(url)), init) });
}

const fal = client();

async function control(method, path, body) {
  const answer = await fetch(`${EMULATOR}/_emulator/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.status === 204 ? undefined : answer.json();
}

const fault = (prompt, what) =>
  control("POST", "faults", { when: { prompt_contains: prompt }, times: 1, do: what });

afterEach(async () => {
  await control("DELETE", "faults");
  assert.deepEqual(await control("GET", "violations"), []);
});

test("submit, status, result", async () => {
  const { request_id: requestId, status } = await fal.queue.submit(DEV, { input: { prompt: "js queue", ...SMALL } });
  assert.equal(status, "IN_QUEUE");
  const last = await fal.queue.subscribeToStatus(DEV, { requestId, pollInterval: 20, logs: true });
  assert.equal(last.status, "COMPLETED");
  assert.ok(last.logs.length > 0);
  const now = await fal.queue.status(DEV, { requestId, logs: false });
  assert.equal(now.status, "COMPLETED");
  const result = await fal.queue.result(DEV, { requestId });
  assert.equal(result.requestId, requestId);
  assert.equal(result.data.seed, 7);
  const image = await fetch(result.data.images[0].url);
  assert.equal(image.headers.get("content-type"), "image/png");
});

test("subscribe by polling and by stream", async () => {
  for (const mode of ["polling", "streaming"]) {
    const seen = [];
    await fault(`js ${mode}`, { generation: { slow: { ms: 80 } } });
    const result = await fal.subscribe("fal-ai/flux-pro/v1.1", {
      input: { prompt: `js ${mode}`, ...SMALL },
      mode,
      pollInterval: 20,
      logs: true,
      onQueueUpdate: (update) => seen.push(update.status),
    });
    assert.equal(result.data.images.length, 1);
    assert.ok(seen.includes("IN_PROGRESS"), `${mode}: ${seen}`);
    assert.equal(seen.at(-1), "COMPLETED");
  }
});

test("run", async () => {
  const result = await fal.run("fal-ai/flux/schnell", { input: { prompt: "js run", ...SMALL } });
  assert.equal(result.data.prompt, "js run");
});

test("cancel", async () => {
  await fault("js cancel", { generation: "never_finish" });
  const { request_id: requestId } = await fal.queue.submit(DEV, { input: { prompt: "js cancel", ...SMALL } });
  await fal.queue.cancel(DEV, { requestId });
  await assert.rejects(fal.queue.result(DEV, { requestId }), (error) => error instanceof ApiError && error.status === 499);
  await assert.rejects(fal.queue.cancel(DEV, { requestId }), { status: 400 });
});

test("upload, by hand and inside an input", async () => {
  const drawn = await fal.run(DEV, { input: { prompt: "js upload", ...SMALL } });
  const bytes = await (await fetch(drawn.data.images[0].url)).arrayBuffer();
  const file = new Blob([bytes], { type: "image/png" });
  const url = await fal.storage.upload(file);
  assert.deepEqual(await (await fetch(url)).arrayBuffer(), bytes);
  const edited = await fal.subscribe("fal-ai/flux-pro/kontext", {
    input: { prompt: "back view", image_url: file, output_format: "png" },
    pollInterval: 20,
  });
  assert.equal(edited.data.images[0].width, 1024);
});

test("errors", async () => {
  const invalid = fal.subscribe("fal-ai/flux/schnell", { input: { prompt: "x", num_inference_steps: 28 }, pollInterval: 20 });
  await assert.rejects(invalid, (error) => {
    assert.ok(error instanceof ValidationError);
    assert.equal(error.status, 422);
    assert.deepEqual(error.fieldErrors[0].loc, ["body", "num_inference_steps"]);
    return true;
  });
  await assert.rejects(client("no-colon").queue.submit(DEV, { input: { prompt: "x" } }), { status: 401 });
  await fault("js locked", { submit: "locked" });
  await assert.rejects(fal.queue.submit(DEV, { input: { prompt: "js locked" } }), (error) => {
    assert.equal(error.status, 403);
    return error.body.detail.startsWith("User is locked.");
  });
});

test("a lost answer is a second paid job: the client submits again", async () => {
  await fault("js lost", { submit: "drop_after_accept" });
  await fal.queue.submit(DEV, { input: { prompt: "js lost", ...SMALL } });
  const ledger = await control("GET", "ledger");
  assert.equal(ledger.filter((entry) => entry.input.prompt === "js lost").length, 2);
});

test("webhook", async () => {
  const calls = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    calls.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.end();
    server.emit("called");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const called = once(server, "called");
  try {
    const webhookUrl = `http://127.0.0.1:${server.address().port}/hook?shot=js`;
    const { request_id: requestId } = await fal.queue.submit(DEV, { input: { prompt: "js hook", ...SMALL }, webhookUrl });
    await called;
    const { headers, body } = calls[0];
    const payload = JSON.parse(body);
    assert.equal(payload.request_id, requestId);
    assert.equal(payload.status, "OK");
    const { keys } = await (await fetch(`${EMULATOR}/.well-known/jwks.json`)).json();
    const message = [
      headers["x-fal-webhook-request-id"],
      headers["x-fal-webhook-user-id"],
      headers["x-fal-webhook-timestamp"],
      createHash("sha256").update(body).digest("hex"),
    ].join("\n");
    const signature = Buffer.from(headers["x-fal-webhook-signature"], "hex");
    const key = createPublicKey({ key: keys[0], format: "jwk" });
    assert.ok(verify(null, Buffer.from(message), key, signature));
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
