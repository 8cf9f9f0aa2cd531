"""`cargo local serve` with the clients that people use: curl as its help says, and its page in headless Chromium.

usage: page.py [SCREENSHOTS]
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

from harness import ROOT, check, finish, free_port, scratch, start, stop
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SERVE = ["cargo", "local", "serve"]


def serve(*options):
    port = free_port()
    return port, start([*SERVE, "--port", str(port), *options], port=port)


def curl_as_the_help_says(port):
    help_text = subprocess.check_output([*SERVE, "--help"], cwd=ROOT, text=True)
    commands = [line.strip() for line in help_text.splitlines() if line.strip().startswith("curl ")]
    check("the help shows a command with curl", len(commands), 1)
    users = []
    for command in commands:
        command = command.replace("localhost:3000", f"localhost:{port}").replace("curl ", "curl --silent --fail ", 1)
        answer = json.loads(subprocess.check_output(["bash", "-c", command], cwd=ROOT))
        users.append(answer["requestContext"]["authorizer"]["userId"])
    check("it works as it is", users, ["jane@example.com"])


class Page:
    """The page, and what its browser complains about."""

    def __init__(self, context, port):
        self.page = context.new_page()
        self.complaints = []
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.complain(message.text))
        self.page.on("pageerror", lambda error: self.complain(str(error)))
        self.page.on("request", lambda request: self.is_local(request.url) or self.complain(request.url))
        # The page may not know about it: violations are reported to the document alone.
        self.page.expose_function("complain", self.complain)
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => complain(`CSP: ${e.violatedDirective}`))"
        )
        self.base = f"http://localhost:{port}/"
        self.page.goto(self.base)
        # Not by a function: that is an `eval`, which the page's policy forbids.
        self.page.locator("#kind option").nth(3).wait_for(state="attached")

    def complain(self, text):
        self.complaints.append(text)

    def is_local(self, url):
        return url.startswith(self.base)

    def mint(self, kind="ID token", **boxes):
        self.page.get_by_role("radio", name="Token", exact=True).check()
        self.page.get_by_role("combobox", name="Kind", exact=True).select_option(label=kind)
        for name in ["Expired", "Forged signature"]:
            self.page.get_by_label(name).set_checked(boxes.get(name.split()[0].lower(), False))
        self.page.get_by_label("Other claims").fill(json.dumps(boxes["claims"]) if "claims" in boxes else "")
        with self.page.expect_response("**/_local/token"):
            self.page.get_by_role("button", name="Mint token").click()
        self.page.locator("#mint:not([aria-busy])").wait_for()

    def send(self):
        with self.page.expect_response("**/_local/decision"):
            self.page.get_by_role("button", name="Send").click()
        self.page.locator("#send:not([aria-busy])").wait_for()

    def text(self, identifier):
        return self.page.locator(f"#{identifier}").inner_text()

    def told(self):
        return (self.text("outcome"), self.text("reason"), self.text("status"))

    def states(self):
        items = self.page.locator("#checks li").all()
        return {item.get_attribute("data-check"): item.locator(".state").inner_text() for item in items}

    def failed(self):
        """The check that failed, how many before it passed, and whether all behind it were not reached."""
        states = list(self.states().items())
        position = next(index for index, (_, state) in enumerate(states) if state == "failed")
        before = {state for _, state in states[:position]}
        behind = {state for _, state in states[position + 1 :]}
        return states[position][0], before <= {"passed"}, behind <= {"not reached"}


def use(page):
    page.send()
    check("a token is minted where none is given", page.told(), ("allowed", "as user", "200 OK"))
    page.mint()
    check("a minted token is shown", page.page.get_by_label("Token, minted or pasted").input_value()[:3], "eyJ")
    page.send()
    check("an ID token", page.told(), ("allowed", "as user", "200 OK"))
    check("all of its checks passed", (len(page.states()), set(page.states().values())), (22, {"passed"}))
    check("the policy is shown", "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*" in page.text("answer"), True)
    check("the context is shown", "jane@example.com" in page.text("context"), True)

    page.page.get_by_role("combobox", name="Issuer").select_option(label="DEV")
    check("an OIDC issuer's usual token is an access token", page.page.locator("#use").input_value(), "access")
    page.mint("Access token")
    page.send()
    check("an OIDC issuer's access token", page.told(), ("allowed", "as user", "200 OK"))
    page.mint()
    page.send()
    check("its ID token", page.told(), ("unauthorized", "audience_not_allowed", "401 Unauthorized"))
    advice = "correct SMAC__AUTH__PROVIDER_OIDC__ISSUERS__DEV__AUDIENCE"
    check("the advice names its settings", advice in page.text("advice"), True)
    page.page.get_by_role("combobox", name="Issuer").select_option(label="PRIMARY")

    page.mint("Access token")
    page.send()
    check("an access token", page.told(), ("allowed", "as user", "200 OK"))
    check("userInfo was fetched", page.text("lookups"), "keySet fresh, userInfo fetched")

    page.mint(expired=True)
    page.send()
    check("an expired token", page.told(), ("unauthorized", "token_expired", "401 Unauthorized"))
    check("its check failed, those before passed", page.failed(), ("times", True, True))

    page.mint(forged=True)
    page.send()
    check("a forged token", page.told(), ("unauthorized", "signature_invalid", "401 Unauthorized"))
    check("and its check", page.failed(), ("signature", True, True))

    page.mint(claims={"email_verified": False})
    page.send()
    check("another claim", page.told(), ("unauthorized", "user_id_not_verified", "401 Unauthorized"))

    page.page.get_by_label("Other claims").fill("{")
    page.page.get_by_role("button", name="Mint token").click()
    check("claims that are not JSON", page.page.get_by_role("alert").first.inner_text()[:8], "Not JSON")
    page.page.get_by_label("Other claims").fill("")

    page.page.get_by_label("Token, minted or pasted").fill("not-a-token")
    page.send()
    check("what is not a token", page.told(), ("unauthorized", "token_malformed", "401 Unauthorized"))
    check("and its check", page.failed(), ("form", True, True))

    # With the keyboard alone, as the radio buttons of any form.
    page.page.get_by_role("radio", name="Token", exact=True).focus()
    page.page.keyboard.press("ArrowRight")
    page.page.get_by_label("Service token").fill("wrong")
    page.page.keyboard.press("Enter")
    page.page.locator("#reason", has_text="service_").wait_for()
    check("a wrong service token", page.told(), ("unauthorized", "service_token_mismatch", "401 Unauthorized"))
    check("and its check", page.failed(), ("service token", True, True))
    page.page.get_by_label("Service token").fill("dev-token-of-the-billing-service")
    page.send()
    check("the right one", page.told(), ("allowed", "as service", "200 OK"))

    page.page.get_by_role("radio", name="None").check()
    page.send()
    check("no credential", page.told(), ("unauthorized", "credentials_missing", "401 Unauthorized"))

    page.mint()
    for kind, status in [("HTTP API, payload 2.0", "200 OK"), ("HTTP API, payload 1.0", "200 OK"), ("WebSocket API", "101 Switching Protocols")]:
        page.page.get_by_role("combobox", name="Event kind").select_option(label=kind)
        page.send()
        check(kind, page.told(), ("allowed", "as user", status))


def look(page, folder):
    """Screenshots, for eyes."""
    folder.mkdir(exist_ok=True)
    for scheme in ["light", "dark"]:
        page.page.emulate_media(color_scheme=scheme)
        for name, width in [("wide", 1200), ("narrow", 400)]:
            page.page.set_viewport_size({"width": width, "height": 900})
            page.page.screenshot(path=folder / f"page-{scheme}-{name}.png", full_page=True)
    page.page.set_viewport_size({"width": 1200, "height": 900})


def fits(page):
    page.page.set_viewport_size({"width": 400, "height": 800})
    widths = page.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    check("nothing is wider than a narrow window", widths[0] <= widths[1], True)
    page.page.set_viewport_size({"width": 1200, "height": 900})


def web_socket(context, port):
    """A real browser's WebSocket: one message, then a clean end; refused without a token.

    With a sub-protocol, the browser itself demands that one is accepted."""
    token = subprocess.check_output(["cargo", "local", "token", "--use", "access"], cwd=ROOT, text=True).strip()
    page = context.new_page()
    page.goto(f"http://localhost:{port}/")
    script = """([url, protocols]) => new Promise((resolve) => {
        const socket = new WebSocket(url, protocols), told = [];
        socket.onmessage = (event) => told.push(event.data);
        socket.onclose = (event) => resolve([told, event.code, event.wasClean, socket.protocol]);
    })"""

    def connect(query="", protocols=()):
        told, *end = page.evaluate(script, [f"ws://localhost:{port}/{query}", list(protocols)])
        return [json.loads(text)["requestContext"]["authorizer"]["userId"] for text in told], *end

    check("a WebSocket with a token", connect(f"?token={token}"), (["jane@example.com"], 1000, True, ""))
    check("one with a sub-protocol", connect(protocols=["bearer", token]), (["jane@example.com"], 1000, True, "bearer"))
    check("a WebSocket without one", connect(), ([], 1006, False, ""))


def main():
    folder = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    for program in [CHROMIUM, "curl", "bash"]:
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed")
    subprocess.check_call(["cargo", "build", "--quiet", "--package", "smac-local"], cwd=ROOT)
    port, process = serve()
    curl_as_the_help_says(port)
    web_port, _ = serve("--kind", "websocket", "--setting", "JWT__WEBSOCKET_PROTOCOL=bearer")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            scratch("chromium"), executable_path=CHROMIUM, args=FLAGS, headless=True
        )
        page = Page(context, port)
        use(page)
        fits(page)
        if folder:
            look(page, folder)
        check("the browser complains about nothing", page.complaints, [])
        web_socket(context, web_port)
        context.close()
    log = process.log.read_text()
    lines = [line for line in log.splitlines() if re.match(r"(GET|POST) ", line)]
    check("one line per request", (len(lines), sum(line.endswith("(the page)") for line in lines)), (16, 15))
    check("no token is printed", "eyJ" in log or "dev-token" in log, False)
    stop(process)
    finish()


main()
