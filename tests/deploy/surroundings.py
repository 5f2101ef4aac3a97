"""What a stack needs besides AWS: a bucket at "R2", fal (the emulator), and their credentials in one secret."""

import json
import os
import signal
import subprocess
import urllib.request

from front import Front

BUCKET = "likeness-images"
# The emulator takes these two keys and no other.
FAL_KEYS = ("first:key", "second:key")
# R2's *Object Read & Write*, as far as objects go.
TOKEN_MAY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
    ],
}


class R2:
    """Stood for by ministack's S3 in a region called `auto`, its API tokens by a user's access keys. That is an account
    of its own: functions reach it with these keys only, never with their roles."""

    def __init__(self, account, authority):
        self.front = Front(account.port, authority, account.watch)
        self.url = self.front.url
        storage = account.client("s3", region="auto")
        storage.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "auto"})
        self.users = account.client("iam")
        self.users.create_user(UserName="r2")
        self.users.put_user_policy(UserName="r2", PolicyName="objects", PolicyDocument=json.dumps(TOKEN_MAY))

    def new_token(self):
        key = self.users.create_access_key(UserName="r2")["AccessKey"]
        return {"r2_access_key_id": key["AccessKeyId"], "r2_secret_access_key": key["SecretAccessKey"]}

    def revoke(self, token):
        self.users.delete_access_key(UserName="r2", AccessKeyId=token["r2_access_key_id"])

    def stop(self):
        self.front.stop()


class Fal:
    """`likeness fal-emulator` behind TLS. Its files it serves by its own plain address."""

    USER = "emulator-user"

    def __init__(self, likeness, folder, authority):
        keys = [part for key in FAL_KEYS for part in ("--key", key)]
        self.process = subprocess.Popen(
            [likeness, "fal-emulator", "--port", "0", *keys],
            env={"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(authority.ca), "RUST_LOG": "warn"},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(folder / "fal.log").open("w"),
            text=True,
        )
        try:
            self.files = next(line.split()[1] for line in self.process.stdout if line.startswith("ready "))
        except StopIteration:
            raise SystemExit(f"the fal emulator did not start:\n{(folder / 'fal.log').read_text()}") from None
        self.front = Front(int(self.files.rsplit(":", 1)[1]), authority)
        self.url = self.front.url

    def misbehave(self, how):
        """Once, at the next submit; local/fal-emulator/README.md says how."""
        self.control("faults", {"when": {}, "times": 1, "do": how})

    def ledger(self):
        return json.loads(self.control("ledger"))

    def control(self, what, rule=None):
        data = None if rule is None else json.dumps(rule).encode()
        request = urllib.request.Request(
            f"{self.files}/_emulator/{what}", data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if hasattr(self, "front"):
            self.front.stop()
