"""Through the front door: what a customer of a deployed stack does, by HTTPS alone."""

import hashlib
import json
import ssl
import time
import urllib.error
import urllib.request

# For what goes through queues and the webhook; and for what waits for the next run of the schedule, once a minute.
SOON, A_SWEEP = 120, 200


class Failed(Exception):
    pass


def expect(what, is_so):
    if not is_so:
        raise Failed(what)


class Api:
    """`meanwhile` is called while a job is waited for, and may raise: what cannot end well need not be waited for."""

    def __init__(self, url, ca, key, meanwhile):
        self.url, self.key, self.meanwhile = url, key, meanwhile
        self.tls = ssl.create_default_context(cafile=ca)

    def call(self, method, path, body=None, status=200, key=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.tls) as answer:
                got, content = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            got, content = refusal.code, refusal.read()
        text = content.decode()
        expect(f"{method} {path} answers {got}, not {status}: {text[:500]}", got == status)
        return json.loads(text) if text[:1] in "{[" and text else text

    def download(self, url):
        with urllib.request.urlopen(url, timeout=60, context=self.tls) as answer:
            return answer.read()

    def made(self, kind, body, patience=SOON):
        """The job that `body` makes, when it is complete."""
        job = self.call("POST", f"/api/v1/projects/lighthouse/images/generate/{kind}", body, status=202)
        return self.ended(kind, job, "completedAt", patience)

    def ended(self, what, view, mark, patience):
        """`view` as it is when it has a `mark`."""
        end = time.monotonic() + patience
        while mark not in view:
            expect(f"the {what} is {view['status']} after {patience} s", time.monotonic() < end)
            self.meanwhile()
            time.sleep(0.5)
            view = self.call("GET", view["links"]["self"])
        expect(f"the {what} is {view['status']}: {json.dumps(view)[:2000]}", view["status"] == "completed")
        return view

    def check(self, image):
        """The image is where its record says, and what it says."""
        content = self.download(image["url"])
        expect(f"{image['mediaId']} has other bytes", hashlib.sha256(content).hexdigest() == image["sha256"])


# Seeds, so that the emulator draws the same and checks judge the same.
MASTER = {
    "subjectType": "character",
    "subjectId": "keeper",
    "description": "a lighthouse keeper in a yellow raincoat",
    "seed": 7,
}


def images_of(job):
    return job["result"]["images"]


def first_visit(api, fal):
    """Master, profile and composite; fal refuses a submit of the profile, and says nothing when it has the composite."""
    expect("/healthz is not ok", api.call("GET", "/healthz") == "ok")
    api.call("GET", "/api/v1/projects", status=401, key="lk_unknown")
    api.call("POST", "/api/v1/projects", {"id": "lighthouse", "name": "Lighthouse"}, status=201)
    api.call("PUT", "/api/v1/projects/lighthouse/members/bob", {"role": "viewer"})
    api.call("DELETE", "/api/v1/projects/lighthouse/members/bob", status=204)

    master = api.made("master", MASTER)
    (picture,) = images_of(master)
    api.check(picture)
    yield "a master reference, by queue and webhook"

    fal.misbehave({"submit": "rate_limited"})
    profile = api.made("profile360", {"masterReferenceId": picture["mediaId"], "subjectId": "keeper", "seed": 7})
    expect("the profile has not twelve views", len(images_of(profile)) == 12)
    for view in images_of(profile):
        api.check(view)
    calls = [entry["webhook_deliveries"] for entry in fal.ledger()]
    expect(f"fal's callbacks were answered {calls}", len(calls) == 13 and all(call[-1:] == [200] for call in calls))
    yield "a profile of twelve views, one of them at the second attempt"

    fal.misbehave({"webhook": "never"})
    scene = {
        "description": "the keeper stands at the harbour at dusk, boats behind",
        "references": {"characters": [{"referenceId": picture["mediaId"]}]},
        "seed": 7,
    }
    composite = api.made("composite", scene, patience=A_SWEEP)
    api.check(images_of(composite)[0])
    expect("fal called back after all", fal.ledger()[-1]["webhook_deliveries"] == [])
    yield "a composite whose callback was lost, by the scheduled sweep"

    look_around(api)
    yield "what the lists say of it"


def look_around(api):
    images = "/api/v1/projects/lighthouse/images"
    for query, count in (("", 14), ("?subjectId=keeper", 13), ("?imageType=composite-shot", 1)):
        total = api.call("GET", images + query)["total"]
        expect(f"GET {images}{query} counts {total}, not {count}", total == count)
    queues = api.call("GET", "/api/v1/queues")
    expect(f"the service is not at rest: {queues}", (queues["inFlight"], queues["queueSize"]) == (0, 0))
    jobs = api.call("GET", "/api/v1/projects/lighthouse/jobs")["jobs"]
    expect("not three jobs are listed", len(jobs) == 3)


def second_visit(api):
    """After an update of the stack: what was there is there, and more can be made."""
    for image in api.call("GET", "/api/v1/projects/lighthouse/images?subjectId=keeper")["images"]:
        api.check(image)
    lantern = "a brass storm lantern with a red glass"
    prop = {"subjectType": "prop", "subjectId": "lantern", "description": lantern, "seed": 7}
    scene = {"description": "a lantern on a windowsill at night", "references": {"props": ["$lantern"]}, "seed": 7}
    steps = [
        {"id": "lantern", "type": "master", "input": prop},
        {"id": "scene", "type": "composite", "input": scene},
    ]
    workflow = api.call("POST", "/api/v1/projects/lighthouse/workflows", {"steps": steps}, status=202)
    for step in api.ended("workflow", workflow, "endedAt", SOON)["steps"]:
        api.check(images_of(api.call("GET", f"/api/v1/jobs/{step['jobId']}"))[0])
