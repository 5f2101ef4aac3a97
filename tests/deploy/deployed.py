"""The deployed journey, without an AWS account: builds the zips, deploys template.yaml onto ministack, whose IAM refuses
what no statement allows, runs a customer's journey against it, updates the stack and deletes it. Run by `tests/run deploy`.

Usage: deployed.py LIKENESS [--without FUNCTION.SID] [--keep]   with `sam`, `cargo` and `cargo-lambda` on the PATH
"""

import argparse
import contextlib
import json
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error

import journey
import routes
from account import Account, forget_aws
from front import Authority, Front
from sam import ARCHITECTURE, STACK, Sam, leave_out
from surroundings import BUCKET, FAL_KEYS, R2, Fal

SECRET = "likeness"


# --------------------------------------------------------------------------------------------------------- the account


def outputs(account):
    (stack,) = account.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def first_key(likeness, account, table):
    """As the deploy guide says it."""
    done = subprocess.run(
        [likeness, "create-key", "--user", "ann"],
        env={**account.environment(), "TABLE_NAME": table},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def settled(account, found):
    """No lane holds a message, and none is among the dead."""
    queues = account.client("sqs")
    for name in sorted(name for name in found if name.endswith(("QueueUrl", "DeadLettersUrl"))):
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = queues.get_queue_attributes(QueueUrl=found[name], AttributeNames=wanted)["Attributes"]
        journey.expect(f"{name} holds messages: {got}", set(got.values()) == {"0"})


def takes_hints(account, found):
    """The lane that no part of the journey uses is mapped as well: a hint of nothing is taken and done with."""
    account.client("sqs").send_message(
        QueueUrl=found["PortraitQueueUrl"], MessageBody=json.dumps({"job": "job_01jd0000000000000000000000"})
    )
    end = time.monotonic() + 20
    while True:
        try:
            return settled(account, found)
        except journey.Failed:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def nothing_refused(account):
    journey.expect("IAM refuses what was tried:\n" + "\n".join(account.refusals), not account.refusals)


def left_behind(account, table):
    """What a deleted stack leaves: its table, with everything in it, and nothing else."""
    functions = account.client("lambda")
    checks = {
        "a function": functions.list_functions()["Functions"],
        "an event source mapping": functions.list_event_source_mappings()["EventSourceMappings"],
        "a schedule": account.client("scheduler").list_schedules()["Schedules"],
        "an API": account.client("apigatewayv2").get_apis()["Items"],
        "a queue": account.client("sqs").list_queues().get("QueueUrls", []),
        "a log group": account.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{STACK}-")["logGroups"],
        "a role": account.client("iam").list_roles()["Roles"],
    }
    for what, there in checks.items():
        journey.expect(f"the deleted stack leaves {what}: {there}", not there)
    count = account.client("dynamodb").scan(TableName=table, Select="COUNT")["Count"]
    journey.expect("the deleted stack leaves an empty table", count > 0)


# ----------------------------------------------------------------------------------------------------------------- run


class Steps:
    """Says what was done, and how long it took."""

    def __init__(self):
        self.began, self.count = time.monotonic(), 0

    def done(self, what):
        self.count += 1
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)
        self.began = time.monotonic()


def run(likeness, folder, without, stack):
    """Everything that it starts, `stack` ends."""
    forget_aws(folder)
    steps = Steps()
    authority = Authority(folder)
    account = Account(folder, authority.ca)
    stack.callback(account.stop)
    fal = Fal(likeness, folder, authority)
    stack.callback(fal.stop)
    r2 = R2(account, authority)
    stack.callback(r2.stop)
    # Stands for a domain of one's own before the HTTP API, which is known before the API is.
    domain = Front(account.port, authority)
    stack.callback(domain.stop)
    steps.done("an account, a bucket, fal and a domain")

    sam = Sam(folder, account)
    token = r2.new_token()
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name=SECRET, SecretString=json.dumps({"fal_key": FAL_KEYS[0], **token}))
    parameters = {
        "R2Endpoint": r2.url,
        "R2BucketName": BUCKET,
        "FalQueueUrl": fal.url,
        "FalJwksUrl": f"{fal.url}/.well-known/jwks.json",
        "FalWebhookUserId": fal.USER,
        "FalImageHosts": fal.files,
        "FalCheckAfterSeconds": 5,
        "PublicUrl": domain.url,
    }
    try:
        sam.build()
        if without:
            leave_out(sam.template, without)
        steps.done(f"sam build, {ARCHITECTURE}")

        sam.deploy(**parameters)
        count = routes.make(account, STACK)
        found = outputs(account)
        domain.host = found["ApiUrl"].removeprefix("https://").split(".")[0] + f".execute-api.localhost:{account.port}"
        steps.done(f"sam deploy, and {count} routes")

        key = first_key(likeness, account, found["TableName"])
        api = journey.Api(domain.url, authority.ca, key, meanwhile=lambda: nothing_refused(account))
        for what in journey.first_visit(api, fal):
            steps.done(what)
        takes_hints(account, found)
        nothing_refused(account)
        steps.done("lanes empty, no dead letters, nothing refused")

        renewed = r2.new_token()
        version = secrets.put_secret_value(
            SecretId=SECRET, SecretString=json.dumps({"fal_key": FAL_KEYS[1], **renewed})
        )["VersionId"]
        sam.deploy(**parameters, SecretVersionId=version, LogLevel="debug", DeletionProtection="false")
        routes.make(account, STACK)
        r2.revoke(token)
        journey.expect("the update moved the stack", outputs(account) == found)
        journey.second_visit(api)
        nothing_refused(account)
        steps.done("sam deploy again, with a renewed secret: the old images are there, a workflow makes more")

        sam.delete()
        left_behind(account, found["TableName"])
        steps.done("sam delete: the table stays, nothing else does")
    except (journey.Failed, urllib.error.URLError) as failure:
        steps.done(f"FAILED: {failure}")
        print(*(refusal for refusal in account.refusals if refusal not in str(failure)), sep="\n")
        return 1
    print(f"{steps.count} passed, 0 failed")
    return 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("likeness", type=pathlib.Path, help="the built binary")
    arguments.add_argument("--without", metavar="FUNCTION.SID", help="leave this statement out: the journey has to fail")
    arguments.add_argument("--keep", action="store_true", help="keep the logs, and say where")
    given = arguments.parse_args()
    if platform.system() != "Linux" or not ARCHITECTURE:
        sys.exit("the functions run on Linux only, on x86_64 or arm64")
    # Whoever ends this run ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        if given.keep:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="likeness-deploy-"))
            print(f"logs in {folder}")
        else:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likeness-deploy-")))
        sys.exit(run(given.likeness.resolve(), folder, given.without, stack))


if __name__ == "__main__":
    main()
