"""An AWS account that is none: ministack on loopback, with its own IAM, and the real `sam` pointed at it."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3

from front import Front

REGION = "eu-west-1"
# Whoever deploys: the account's root. Functions have the session keys of their roles instead.
DEPLOYER = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_PATIENCE = 60
# How IAM says no, whatever the service's protocol.
REFUSAL = re.compile(rb"[^\"<>]*is not authorized to perform[^\"<>]*")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def forget_aws(folder):
    """Whoever runs this may have an AWS account of their own, and settings for it. None of that is meant."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SAM_"))]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(folder / "none")


class Account:
    """Started by its making, stopped by `stop`; all its files are in `folder`. What functions ask of it, they ask through
    a front that notes in `refusals` whatever IAM refuses: a function may well go on without, and say nothing."""

    def __init__(self, folder, ca):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.refusals = []
        self.front = Front(self.port, watch=self.watch)
        self.log = folder / "account.log"
        self.process = subprocess.Popen(
            [pathlib.Path(sys.executable).parent / "ministack"],
            # Its environment is every function's too, beneath what Lambda and the template set: so it is made here, and
            # so functions believe the certificates of what stands for R2 and fal.
            env={
                **DEPLOYER,
                "PATH": "/usr/bin:/bin",
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "S3_DATA_DIR": str(folder / "s3"),
                "SSL_CERT_FILE": str(ca),
                "AUTH": "true",
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(self.port),
                "MINISTACK_REGION": REGION,
                "MINISTACK_HOST": "localhost",
                "AWS_ENDPOINT_URL": self.front.url,
                "LAMBDA_EXECUTOR": "local",
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
            },
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            cwd=folder,
            # A group of its own, so that the functions that it started end with it.
            start_new_session=True,
        )
        try:
            self.await_ready()
        except BaseException:
            self.stop()
            raise

    def await_ready(self):
        end = time.monotonic() + START_PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        sys.exit(f"ministack did not start:\n{self.log.read_text()}")

    def watch(self, answer):
        refusal = REFUSAL.search(answer)
        if refusal and refusal[0].decode() not in self.refusals:
            self.refusals.append(refusal[0].decode())

    def client(self, service, region=REGION):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=DEPLOYER["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=DEPLOYER["AWS_SECRET_ACCESS_KEY"],
        )

    def environment(self):
        """For command line tools."""
        return {**DEPLOYER, "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def stop(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, how)
            except ProcessLookupError:
                pass
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                continue
        self.front.stop()
