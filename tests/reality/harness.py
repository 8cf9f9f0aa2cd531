"""What the checks have in common: processes that are stopped again, AWS's runtime emulator, and one line a check."""

import atexit
import importlib.util
import json
import os
import pathlib
import signal
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
BINARY = TARGET / "release" / "smac-lambda-authorizer"
# The processor is Lambda's: Graviton2. The libraries are those of Debian's cross compiler.
QEMU = ["qemu-aarch64", "-cpu", "neoverse-n1", "-L", "/usr/aarch64-linux-gnu"]
STAGE = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*"

# Whom the development deployment knows.
EMAIL = "jane@example.com"
SERVICE = "service:billing"

_processes = []
_scratch = tempfile.TemporaryDirectory()
_failures = []


@atexit.register
def _stop_all():
    for process in list(_processes):
        stop(process)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start(command, env=None, port=None, log=None):
    """Starts a process, and waits until it listens on the port."""
    path = pathlib.Path(_scratch.name) / (log or f"log-{len(_processes)}")
    with path.open("wb") as output:
        # In a session of its own, so that what it starts can be ended too: PyPI's `node` is a program that starts another.
        files = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
        process = subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True, **files)
    process.log, process.port = path, port
    _processes.append(process)
    deadline = time.monotonic() + 60
    while port is not None and not listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{command[0]} does not listen:\n{path.read_text(errors='replace')}")
        time.sleep(0.05)
    return process


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def stop(process):
    """Politely first: some have processes of their own to end."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    _processes.remove(process)
    # What was killed may listen a moment longer, and would be taken for what starts next on its port.
    deadline = time.monotonic() + 10
    while process.port is not None and listens(process.port):
        if time.monotonic() > deadline:
            sys.exit(f"{process.args[0]} still listens after its end")
        time.sleep(0.05)


def scratch(name):
    return pathlib.Path(_scratch.name) / name


def cargo_local(*arguments):
    return ["cargo", "local", *arguments]


def rendered(name):
    """An event of `events/` with a fresh token."""
    return json.loads(subprocess.check_output(cargo_local("render", f"events/{name}.json"), cwd=ROOT))


def stand_ins():
    """Starts them; gives the file with the function's environment."""
    port, path = free_port(), scratch("function.env")
    subprocess.check_call(["cargo", "build", "--quiet", "--package", "smac-local"], cwd=ROOT)
    start(cargo_local("aws", "--port", str(port), "--env-file", str(path)), port=port)
    while not path.exists():
        time.sleep(0.05)
    return path


def emulator(architecture):
    """AWS's runtime emulator; the SAM CLI carries it."""
    spec = importlib.util.find_spec("samcli")
    if spec is None:
        sys.exit("the SAM CLI is not installed in this environment")
    found = pathlib.Path(spec.origin).parent / "local" / "rapid" / f"aws-lambda-rie-{architecture}"
    copy = scratch(found.name)
    if not copy.exists():
        shutil.copy(found, copy)
        copy.chmod(0o755)
    return copy


def in_qemu(binary):
    """A program that this machine can start: the emulator starts one program, without arguments."""
    script = scratch("bootstrap")
    script.write_text(f"#!/bin/sh\nexec {shlex.join(QEMU)} {shlex.quote(str(binary))}\n")
    script.chmod(0o755)
    return script


class Function:
    """The function under AWS's runtime emulator; for arm64 both in qemu."""

    def __init__(self, environment, binary=BINARY, architecture="x86_64"):
        if not binary.exists():
            sys.exit(f"{binary} is not built")
        self.port = free_port()
        qemu = QEMU if architecture == "arm64" else []
        command = [*qemu, emulator(architecture), "--runtime-api-address", f"127.0.0.1:{free_port()}"]
        command += ["--runtime-interface-emulator-address", f"127.0.0.1:{self.port}", in_qemu(binary) if qemu else binary]
        env = {"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_TIMEOUT": "30", **environment}
        self.process = start([str(part) for part in command], env=env, port=self.port)

    def invoke(self, event):
        url = f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations"
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            # The emulator's own: there is no function to ask.
            return {"httpStatus": error.code}

    def log(self):
        return self.process.log.read_text(errors="replace")

    def decisions(self):
        """The log's lines about decisions."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith('{"_aws"')]

    def stop(self):
        stop(self.process)


def check(name, found, expected):
    if found == expected:
        print(f"ok      {name}", flush=True)
    else:
        print(f"FAILED  {name}\n  expected {expected}\n  found    {found}", flush=True)
        _failures.append(name)


def finish():
    if _failures:
        sys.exit(f"{len(_failures)} checks failed")


def allow(user_id, kind="user"):
    return {
        "principalId": user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["execute-api:Invoke"], "Resource": [STAGE]}],
        },
        "context": {"userId": user_id, "principalType": kind},
    }


def deny(reason):
    return {
        "principalId": "denied",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": ["execute-api:Invoke"], "Resource": [STAGE]}],
        },
        "context": {"reason": reason},
    }


def fault(code):
    return f"Internal server error (Code: {code})"


def event(**headers):
    arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42"
    return {"type": "REQUEST", "methodArn": arn, "headers": {k.replace("_", "-"): v for k, v in headers.items()}}


def bearer(token):
    return event(Authorization=f"Bearer {token}")
