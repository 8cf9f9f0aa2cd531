"""What the Terraform module refuses, as Terraform itself says: its variables without the resources, which need a provider.

Services must not be on without permission to read their secrets.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import ROOT, check, finish

SERVICES = "SMAC__AUTH__AUTOMATION_PRINCIPALS__"
GOOD = {"zip_path": "x.zip", "api_ids": {"rest": "abcdef1234"}, "settings": {"SMAC__AUTH__PROVIDER": "NONE"}}

# Other values, and a part of the refusal, or None.
CASES = {
    "users alone": ({}, None),
    "services": ({"secrets_prefix": "smac/prod"}, None),
    "services in another region": ({"secrets_prefix": "smac/prod", "secrets_region": "us-east-1"}, None),
    "services with other headers": ({"secrets_prefix": "x", "settings": {f"{SERVICES}ID_HEADER_NAME": "X-Id"}}, None),
    "an empty setting is an unset one": ({"settings": {f"{SERVICES}ID_HEADER_NAME": " "}}, None),
    "services without a prefix": ({"settings": {f"{SERVICES}ID_HEADER_NAME": "X-Id"}}, "need secrets_prefix"),
    "services by a grace period": ({"settings": {f"{SERVICES}ROTATION_GRACE_SECONDS": "0"}}, "need secrets_prefix"),
    "the prefix as a setting": ({"settings": {f"{SERVICES}SECRETS_MANAGER__COMMON_PREFIX": "x"}}, "as secrets_prefix"),
    "both prefixes": (
        {"secrets_prefix": "x", "settings": {f"{SERVICES}SECRETS_MANAGER__COMMON_PREFIX": "y"}}, "as secrets_prefix",
    ),
    "the region as a setting": (
        {"secrets_prefix": "x", "settings": {f"{SERVICES}SECRETS_MANAGER__REGION": "us-east-1"}}, "as secrets_prefix",
    ),
    "another spelling": ({"settings": {f"{SERVICES}id_header_name": "X-Id"}}, "in upper case"),
    "another prefix": ({"settings": {"AUTOMATION_PRINCIPALS__ID_HEADER_NAME": "X-Id"}}, "begin with SMAC__AUTH__"),
    "a region of nothing": ({"secrets_region": "us-east-1"}, "no services"),
    "a key of nothing": ({"secrets_kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1"}, "no services"),
    "no region": ({"secrets_prefix": "x", "secrets_region": "Ireland"}, "name of a region"),
    "a slash at the end": ({"secrets_prefix": "smac/"}, "not end with a slash"),
    "concurrency without a version": ({"provisioned_concurrency": 1}, "needs publish"),
    "concurrency with a version": ({"provisioned_concurrency": 1, "publish": True}, None),
}


def terraform(folder, *arguments):
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    command = ["terraform", f"-chdir={folder}", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def main():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "examples" / "terraform" / "variables.tf", folder)
        started = terraform(folder, "init", "-input=false", "-no-color")
        check("the variables need no provider", started.returncode, 0)
        for name, (values, refusal) in CASES.items():
            Path(folder, "terraform.tfvars.json").write_text(json.dumps(GOOD | values))
            planned = terraform(folder, "plan", "-input=false", "-no-color")
            said = " ".join(planned.stderr.replace("\u2502", " ").split())
            found = (planned.returncode, refusal is None or refusal in said)
            check(name, found, (0 if refusal is None else 1, True))
    finish()


main()
