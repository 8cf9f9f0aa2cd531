"""docs/local.md's commands with cargo-lambda: `watch` runs the function, `invoke` asks it."""

import json
import subprocess

from harness import EMAIL, ROOT, SERVICE, allow, check, finish, free_port, rendered, scratch, stand_ins, start, stop

WATCH = ["cargo", "lambda", "watch", "--env-file"]
INVOKE = ["cargo", "lambda", "invoke", "smac-lambda-authorizer", "--data-file"]


def main():
    # `watch` builds at the first invocation, which would wait for it.
    subprocess.check_call(["cargo", "build", "--quiet", "--bin", "smac-lambda-authorizer"], cwd=ROOT)
    port = free_port()
    address = ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    watch = start([*WATCH, str(stand_ins()), *address], port=port)

    def invoke(name):
        path = scratch("event.json")
        path.write_text(json.dumps(rendered(name)))
        command = [*INVOKE, str(path), *address]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)

    for name, expected in [
        ("rest-request-id-token", allow(EMAIL)),
        ("rest-request-access-token", allow(EMAIL)),
        ("rest-request-automation", allow(SERVICE, "service")),
    ]:
        done = invoke(name)
        check(name, json.loads(done.stdout or "null"), expected)
    refused = invoke("refused-expired")
    check("an expired token", (refused.returncode != 0, "Unauthorized" in refused.stderr), (True, True))
    stop(watch)

    lines = [json.loads(line) for line in watch.log.read_text().splitlines() if line.startswith('{"_aws"')]
    told = [(line["outcome"], line.get("reason")) for line in lines]
    check("the log lines are in the terminal of watch", told, [("allowed", None)] * 3 + [("unauthorized", "token_expired")])
    finish()


main()
