"""`sam local invoke` as docs/local.md has it, but for Docker: SAM's own code makes the environment, and the binary runs with it
under the runtime emulator that SAM's containers have. samconfig.example.toml has options that SAM's commands know.

usage: sam_local.py [BINARY]
"""

import json
import os
import pathlib
import sys
import tomllib

import click
from samcli.cli.main import cli
from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

from harness import BINARY, EMAIL, ROOT, Function, allow, check, fault, finish, rendered

# What docs/local.md passes to `--env-vars`.
ENV_VARS = "local/sam.json"


def environment(env_vars):
    """What SAM gives the function."""
    stacks, _ = SamLocalStackProvider.get_stacks(str(ROOT / "template.yaml"))
    provider = SamFunctionProvider(stacks)
    runner = LocalLambdaRunner(None, provider, str(ROOT), str(ROOT), env_vars_values=env_vars)
    return runner._make_env_vars(provider.get("AuthorizerFunction")).resolve()


def options(names):
    """The options that a command of SAM's has."""
    command = cli
    for name in names:
        command = command.get_command(click.Context(command, obj=True), name)
    return {parameter.name for parameter in command.params}


def main():
    binary = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BINARY
    for name in [name for name in os.environ if name.startswith("SMAC__AUTH__")]:
        # SAM takes values from the shell, too.
        del os.environ[name]

    env_vars = json.loads((ROOT / ENV_VARS).read_text())
    given = environment(env_vars)
    check("SAM passes all of it", {name: given.get(name) for name in env_vars["AuthorizerFunction"]}, env_vars["AuthorizerFunction"])
    function = Function(given, binary)
    # There are no stand-ins here, and no network is needed.
    for name in ["rest-request-id-token", "rest-token"]:
        check(name, function.invoke(rendered(name)), allow(EMAIL))
    check("no token", function.invoke(rendered("refused-no-credentials"))["errorMessage"], "Unauthorized")
    function.stop()

    # What the template alone gives: nobody is configured.
    function = Function(environment({}), binary)
    error = function.invoke(rendered("rest-request-id-token"))["errorMessage"]
    check("without --env-vars", error, fault("CONFIG_ENFORCED_001"))
    function.stop()

    with (ROOT / "samconfig.example.toml").open("rb") as file:
        config = tomllib.load(file)
    for environment_name in ("default", "prod"):
        for section, content in config[environment_name].items():
            if section != "global":
                known = options(["local", section.removeprefix("local_")] if section.startswith("local_") else [section])
                unknown = set(content["parameters"]) - known
                check(f"samconfig.example.toml, {environment_name}.{section}: options", unknown, set())
    finish()


main()
