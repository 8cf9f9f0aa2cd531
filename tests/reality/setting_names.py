"""The settings that the Terraform module and the CDK construct give are settings of the function's, each by its name.

Their tests say which environment they make of which variables; here these names go to `cargo local check`, which knows every name.
"""

import re
import subprocess

from harness import ROOT, cargo_local, check, finish, scratch

TESTS = ["terraform/tests/settings.tftest.hcl", "cdk/test/authorizer.test.ts"]
NAME = re.compile(r"\bSMAC__AUTH__[A-Z0-9]\w*(?=\s*[=:])")


def unknown(names):
    path = scratch("names.env")
    path.write_text("".join(f"{name}=x\n" for name in sorted(names)))
    done = subprocess.run(cargo_local("check", "--env-file", str(path)), cwd=ROOT, capture_output=True, text=True)
    return sorted(re.findall(r"(SMAC__AUTH__\w+): is unknown", done.stdout))


def main():
    found = {test: set(NAME.findall((ROOT / test).read_text())) for test in TESTS}
    for test, names in found.items():
        check(f"{test}: enough of them", len(names) > 35, True)
        check(f"{test}: each is known", unknown(names), [])
    [terraform, cdk] = found.values()
    check("both give the same", terraform ^ cdk, set())
    check("and an unknown one would be seen", unknown({"SMAC__AUTH__MODUS"}), ["SMAC__AUTH__MODUS"])
    finish()


main()
