"""The real `sam`, pointed at the account."""

import os
import pathlib
import platform
import subprocess

import yaml

from account import REGION
from journey import Failed

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "likeness"
# This machine's, as the binaries run here; the template's default is arm64.
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())
# Seconds; a build from nothing takes ten minutes, more where others build too.
BUILD_PATIENCE, PATIENCE = 3600, 300


class Sam:
    def __init__(self, folder, account):
        self.build_folder = folder / "build"
        self.template = self.build_folder / "template.yaml"
        # Not the project's own, where somebody's answers may be.
        self.config = folder / "samconfig.toml"
        self.config.write_text("version = 0.1\n")
        self.environment = {
            **os.environ,
            **account.environment(),
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(folder / "sam"),
        }

    def build(self):
        self.run("build", "--build-dir", self.build_folder, "--parameter-overrides", f"Architecture={ARCHITECTURE}")

    def deploy(self, **parameters):
        overrides = [f"{name}={value}" for name, value in {"Architecture": ARCHITECTURE, **parameters}.items()]
        self.run(
            "deploy",
            *("--template-file", self.template, "--stack-name", STACK, "--region", REGION),
            *("--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-confirm-changeset", "--no-progressbar"),
            *("--parameter-overrides", *overrides),
        )

    def delete(self):
        self.run("delete", "--no-prompts", "--stack-name", STACK, "--region", REGION)

    def run(self, command, *arguments):
        try:
            done = self.start(command, arguments)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"sam {command} takes longer than {late.timeout} s:\n{late.output}") from None
        if done.returncode != 0:
            raise Failed(f"sam {command} exits with {done.returncode}:\n{done.stdout}")

    def start(self, command, arguments):
        return subprocess.run(
            ["sam", command, "--config-file", str(self.config), *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_PATIENCE if command == "build" else PATIENCE,
        )


def leave_out(template, statement):
    """Takes one statement, FUNCTION.SID, out of the built template."""
    function, _, sid = statement.partition(".")
    content = yaml.safe_load(template.read_text())
    left = 0
    for policy in content["Resources"].get(function, {}).get("Properties", {}).get("Policies", []):
        kept = [s for s in policy["Statement"] if s.get("Sid") != sid]
        left += len(policy["Statement"]) - len(kept)
        policy["Statement"] = kept
    if left != 1:
        raise Failed(f"template.yaml has no statement {statement}")
    template.write_text(yaml.safe_dump(content, sort_keys=False))
