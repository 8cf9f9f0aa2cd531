"""The three commands of docs/release.md that deploy a release, as far as they need no AWS account.

SAM: the first two are run in the folder of the release, and in the place of the third SAM uploads the same template's zip to moto's S3.
Terraform and CDK: `.ci/terraform` and `.ci/cdk` run what can be run; here what the commands name is what is there.

usage: deploys.py FOLDER    the release's files
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import boto3
import click
from samcli.cli.main import cli
from samcli.cli.types import CfnParameterOverridesType
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from harness import ROOT, check, finish, free_port, scratch, start

PAGE = (ROOT / "docs" / "release.md").read_text()
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def commands(title):
    """The commands of a section's one console block, each as its words."""
    section = PAGE.split(f"\n### {title}\n", 1)[1].split("\n#", 1)[0]
    [block] = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    found = [shlex.split(command) for command in block.replace("\\\n", " ").removeprefix("$ ").split("\n$ ")]
    check(f"{title}: three commands", len(found), 3)
    return found


def runs(name, command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    check(f"{name}: {shlex.join(command)}", (done.returncode, done.stderr if done.returncode else ""), (0, ""))


def files_are_released(words):
    named = [re.search(r"smac-lambda-authorizer-v[^/]*\.zip", word) for word in words]
    names = [found[0] for found in named if found]
    check("the zip's name has this version", names, [f"smac-lambda-authorizer-v{VERSION}-arm64.zip"])


def sam(release):
    sums, validate, deploy = commands("SAM")
    # With nothing beside it but what the page names.
    folder = pathlib.Path(scratch("release"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ["template-arm64.yaml", "SHA256SUMS", f"smac-lambda-authorizer-v{VERSION}-arm64.zip"]:
        shutil.copy(release / name, folder)
    runs("SAM", sums, folder)
    runs("SAM", validate, folder)

    known = {option for parameter in cli.get_command(click.Context(cli, obj=True), "deploy").params for option in parameter.opts}
    options = {word for word in deploy if word.startswith("--")}
    check("SAM: options of sam deploy", options - known, set())
    given = CfnParameterOverridesType().convert(tuple(deploy[deploy.index("--parameter-overrides") + 1 :]), None, None)
    template = yaml_parse((folder / "template-arm64.yaml").read_text())
    check("SAM: parameters", (sorted(given), set(given) - set(template["Parameters"])), (["AppClientIds", "UserPoolId"], set()))

    port = free_port()
    start([sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)], port=port)
    environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-1"}
    os.environ.update(environment)
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    name = deploy[deploy.index("--template") + 1]
    runs("SAM", ["sam", "package", "--template-file", name, "--s3-bucket", "code", "--output-template-file", "packaged.yaml"], folder)
    packaged = yaml_parse((folder / "packaged.yaml").read_text())
    plain = Translator({}, Parser()).translate(packaged, given)["Resources"]["AuthorizerFunction"]["Properties"]
    code = plain["Code"]
    uploaded = s3.get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])["Body"].read()
    check("SAM: what is uploaded is the zip", uploaded == (folder / f"smac-lambda-authorizer-v{VERSION}-arm64.zip").read_bytes(), True)
    check("SAM: for its processor", packaged["Parameters"]["Architecture"]["AllowedValues"], ["arm64"])


def terraform():
    init, plan, apply = commands("Terraform")
    check("Terraform: commands", [command[2] for command in (init, plan, apply)], ["init", "plan", "apply"])
    folders = {command[1].removeprefix("-chdir=") for command in (init, plan, apply)}
    check("Terraform: one folder", len(folders), 1)
    text = (ROOT / folders.pop() / "main.tf").read_text()
    variables = sorted(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    given = [plan[index + 1].split("=", 1)[0] for index, word in enumerate(plan) if word == "-var"]
    check("Terraform: variables", sorted(given), variables)
    check("Terraform: what is planned is applied", (plan[plan.index("-out") + 1], apply[-1]), ("plan", "plan"))
    files_are_released(plan)


def cdk():
    *_, deploy = commands("CDK")
    names = sorted(set(re.findall(r"given\('(\w+)'\)", (ROOT / "cdk" / "example" / "app.ts").read_text())))
    given = [deploy[index + 1].split("=", 1)[0] for index, word in enumerate(deploy) if word == "--context"]
    check("CDK: context", sorted(given), names)
    files_are_released(deploy)


def main():
    sam(pathlib.Path(sys.argv[1]))
    terraform()
    cdk()
    finish()


main()
