"""Each argument of the Terraform module and each property of the CDK construct is tested, and is a setting of the function's.

Their tests compare the whole environment with the one that is expected. Here: each argument is given in these tests, so none is left
out of the comparison; each name that is expected is one that `cargo local check` knows; and each setting that can be given in one way
only, as a pool's or an issuer's, is among them.
"""

import re
import subprocess

from harness import ROOT, cargo_local, check, finish, scratch

NAME = re.compile(r"\bSMAC__AUTH__[A-Z0-9]\w*(?=\s*[=:])")
# What has arguments of its own, so that the map of all other settings refuses it.
OWN = ("PROVIDER_COGNITO__USERPOOLS__", "PROVIDER_OIDC__ISSUERS__", "AUTOMATION_PRINCIPALS__", "RULES__", "SETTINGS_FILE")
# A profile of AWS's configuration files is for local runs.
LOCAL = {"AUTOMATION_PRINCIPALS__SECRETS_MANAGER__PROFILE"}
# The names of the pools and issuers in the tests.
INSTANCE = re.compile(r"(USERPOOLS|ISSUERS)__[A-Z]+__")


def read(path):
    return (ROOT / path).read_text()


def unknown(names):
    path = scratch("names.env")
    path.write_text("".join(f"{name}=x\n" for name in sorted(names)))
    done = subprocess.run(cargo_local("check", "--env-file", str(path)), cwd=ROOT, capture_output=True, text=True)
    return sorted(re.findall(r"(SMAC__AUTH__\w+): is unknown", done.stdout))


def settings_with_arguments():
    """Of all settings, as docs/configuration.md lists them."""
    names = set(re.findall(r"^\| `([A-Z][A-Z0-9_]*(?:<NAME>)?[A-Z0-9_]*)`", read("docs/configuration.md"), re.MULTILINE))
    check("docs/configuration.md has a table", len(names) > 60, True)
    return {name.replace("<NAME>__", "") for name in names if name.startswith(OWN)} - LOCAL


def terraform_arguments():
    """The variables, and the members of those that are objects."""
    text = read("terraform/variables.tf")
    found = {}
    for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
        found[name] = re.findall(r"^    (\w+) += (?:optional\(|string|list|number|bool|object|map)", body, re.MULTILINE)
    return found


def terraform():
    tests = {path.name: path.read_text() for path in (ROOT / "terraform" / "tests").glob("*.tftest.hcl")}
    everything = re.search(r'^run "everything" \{\n(.*?)^\}', tests["settings.tftest.hcl"], re.MULTILINE | re.DOTALL)[1]
    given = everything.split("  assert {")[0]
    arguments = terraform_arguments()
    check("terraform: variables", len(arguments) > 25, True)
    for variable in ("user_pools", "issuers", "services", "rules"):
        members = arguments[variable]
        # The key of the services' secrets is the role's: resources.tftest.hcl has it.
        missing = [member for member in members if not re.search(rf"\b{member} *=", given) and member != "kms_key_arn"]
        check(f"terraform: {variable}: each of {len(members)} is given", (len(members) > 3, missing), (True, []))
    # In `variables`, or as what a plan is compared with.
    text = "\n".join(tests.values())
    untested = [name for name in arguments if not re.search(rf"\b{name}\b *=|var\.{name}\b", text)]
    check("terraform: each variable is in a test", untested, [])
    return set(NAME.findall(tests["settings.tftest.hcl"]))


def interface(text, name):
    body = re.search(rf"^export interface {name}\b.*?\{{\n(.*?)^\}}", text, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^  readonly (\w+)\??:", body, re.MULTILINE)


def cdk():
    tests = read("cdk/test/authorizer.test.ts")
    given = tests.split("test('each property is the setting that it names'", 1)[1].split("assert.deepEqual", 1)[0]
    settings = read("cdk/lib/settings.ts")
    for name in ("PoolProps", "IssuerProps", "ServicesProps", "RulesProps"):
        members = interface(settings, name)
        inherited = {"userPoolId", "appClientIds", "encryptionKey"}
        missing = [member for member in members if not re.search(rf"\b{member}:", given) and member not in inherited]
        check(f"cdk: {name}: each of {len(members)} is given", (len(members) > 3, missing), (True, []))
    members = interface(settings, "SettingsProps") + interface(read("cdk/lib/authorizer.ts"), "SmacAuthorizerProps")
    untested = [member for member in members if not re.search(rf"\b{member}:", tests)]
    check(f"cdk: each of {len(members)} properties is in a test", untested, [])
    return set(NAME.findall(tests))


def main():
    found = {"terraform": terraform(), "cdk": cdk()}
    own = settings_with_arguments()
    for kind, names in found.items():
        check(f"{kind}: each name is known", unknown(names), [])
        plain = {INSTANCE.sub(r"\1__", name.removeprefix("SMAC__AUTH__")) for name in names}
        check(f"{kind}: each setting with an argument of its own is compared", own - plain, set())
    check("both give the same", found["terraform"] ^ found["cdk"], set())
    check("and an unknown one would be seen", unknown({"SMAC__AUTH__MODUS"}), ["SMAC__AUTH__MODUS"])
    finish()


main()
