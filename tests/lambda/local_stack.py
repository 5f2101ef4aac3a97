"""The stack of `likeness serve`, which stands in for AWS, R2 and fal, and the variables of functions that use it."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lint"))
import cloudformation  # noqa: E402

# As the payload of events/ has it.
API_KEY = "example-key"


def start(likeness, folder, variables=None):
    """Starts it, its functions with these variables too; returns the process and where its parts are."""
    process = subprocess.Popen(
        [likeness, "serve", "--port", "0", "--data", folder, "--fal-delay", "100"],
        env={"PATH": os.environ["PATH"], "LIKENESS_API_KEY": API_KEY, "RUST_LOG": "error", **(variables or {})},
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
    """What the template sets, with local/stack/src/environment.rs's values for what is AWS, R2 or fal."""
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
        if name in local:
            variables[name] = local[name]
        elif "Ref" in value:  # what is set under a condition is not set by default
            variables[name] = str(template["Parameters"][value["Ref"]]["Default"])
    return variables
