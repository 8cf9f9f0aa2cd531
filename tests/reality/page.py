"""`cargo local serve` with the clients that people use: curl as its help says, and its page in headless Chromium.

usage: page.py [SCREENSHOTS]
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

import axe_playwright_python
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

    def __init__(self, context, port, fragment=""):
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
        self.page.goto(self.base + fragment)
        self.page.locator("#scenarios button").nth(1).wait_for()
        self.idle()

    def complain(self, text):
        self.complaints.append(text)

    def is_local(self, url):
        return url.startswith(self.base)

    def idle(self):
        self.page.locator("#send:not([aria-busy])").wait_for()

    def play(self, scenario):
        """One click: a token is made, sent, and its decision shown."""
        with self.page.expect_response("**/_local/decision"):
            self.page.get_by_role("button", name=scenario, exact=True).click()
        self.idle()

    def send(self):
        with self.page.expect_response("**/_local/decision"):
            self.page.get_by_role("button", name="Send").click()
        self.idle()

    def edit(self, label, value):
        """Changes how the token is made, as a person does."""
        if self.page.locator("#edit").get_attribute("open") is None:
            self.page.get_by_text("Make or paste a token").click()
        field = self.page.get_by_label(label, exact=isinstance(value, bool))
        if isinstance(value, bool):
            field.set_checked(value)
        else:
            field.fill(value)
            field.blur()
        self.idle()

    def text(self, identifier):
        return self.page.locator(f"#{identifier}").inner_text()

    def shown(self):
        return (self.text("status"), self.text("reason"))

    def failed(self):
        """The check that failed, and how many passed."""
        passed = self.page.locator("#checks summary strong").first.inner_text()
        return self.page.locator("#checks .failed").get_attribute("data-check"), passed

    def tab(self, name):
        self.page.get_by_role("tab", name=name).click()
        return self.text("detail")


def use(page):
    for scenario, status, reason in [
        ("Valid ID token", "200 OK", "allowed"),
        ("Valid access token", "200 OK", "allowed"),
        ("Expired", "401 Unauthorized", "token_expired"),
        ("Forged signature", "401 Unauthorized", "signature_invalid"),
        ("Wrong app client", "401 Unauthorized", "client_not_allowed"),
        ("Unverified email", "401 Unauthorized", "user_id_not_verified"),
        ("Second pool", "200 OK", "allowed"),
        ("OIDC issuer", "200 OK", "allowed"),
        ("Service", "200 OK", "allowed"),
        ("Wrong service token", "401 Unauthorized", "service_token_mismatch"),
        ("No credentials", "401 Unauthorized", "credentials_missing"),
    ]:
        page.play(scenario)
        check(scenario, page.shown(), (status, reason))
    page.play("Expired")
    check("the headline's reason says what was found", "That was 60 minutes ago" in page.text("why"), True)
    check("and what to do", page.text("change"), "What to do: get a new token.")
    check("its check failed, those before passed", page.failed(), ("times", "✓ 7 passed"))
    check("the token shows when", "60 min ago" in page.text("claims-rows"), True)
    check("it is in three colours", page.page.locator("#segments span").count(), 3)

    # What is sent is what the form shows, however it came to be so.
    page.edit("Expired", False)
    page.send()
    check("unticked", page.shown(), ("200 OK", "allowed"))
    page.edit("Forged signature", True)
    page.send()
    check("ticked", page.shown(), ("401 Unauthorized", "signature_invalid"))
    check("it is said where the token is from", page.text("origin"), "MADE HERE" if page.text("origin").isupper() else "made here")
    page.edit("Forged signature", False)
    page.edit("Other claims", '{"email_verified": false}')
    page.send()
    check("another claim", page.shown(), ("401 Unauthorized", "user_id_not_verified"))
    page.edit("Other claims", "{")
    check("claims that are not JSON", "not JSON" in page.text("problem"), True)
    page.edit("Other claims", "")
    token = page.page.locator("#token").input_value()
    page.page.get_by_label("Token, made or pasted").fill(f"Bearer {token}")
    check("what is pasted with its prefix is the token", page.page.locator("#token").input_value(), token)
    page.send()
    check("and is allowed", page.shown(), ("200 OK", "allowed"))
    check("it is marked", page.text("origin").lower(), "edited by hand")
    check("and is not in the address", "eyJ" in page.page.url, False)
    page.page.get_by_label("Token, made or pasted").fill("not-a-token")
    page.send()
    check("what is not a token", (page.shown(), page.failed()), (("401 Unauthorized", "token_malformed"), ("form", "✓ 2 passed")))

    page.play("Valid ID token")
    check("the answer", "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*" in page.tab("Function response"), True)
    check("the backend's view", "jane@example.com" in page.tab("Client response"), True)
    check("the event", '"methodArn"' in page.tab("Event"), True)
    check("the log line", '"outcome": "allowed"' in page.tab("Log line"), True)
    command = page.tab("curl").replace("curl -i", "curl --silent")
    answer = json.loads(subprocess.check_output(["bash", "-c", command]))
    check("curl, as it is shown", answer["requestContext"]["authorizer"]["userId"], "jane@example.com")
    # By the keyboard alone.
    page.page.get_by_role("tab", name="curl").focus()
    page.page.keyboard.press("ArrowRight")
    check("the tabs go round", page.page.locator("[role=tab][aria-selected=true]").inner_text(), "Function response")
    page.page.get_by_role("button", name="Expired", exact=True).focus()
    with page.page.expect_response("**/_local/decision"):
        page.page.keyboard.press("Enter")
    page.idle()
    check("a scenario by the keyboard", page.shown()[1], "token_expired")

    page.page.get_by_text("client").last.wait_for()
    check("requests of curl are among the recent ones", "client" in page.text("recent-rows"), True)


def drawer(page, port):
    settings(page, {"Result TTL": "300", "Identity sources": "method.request.header.Authorization"})
    page.play("Valid ID token")
    check("a miss is kept", "Cache miss" in page.text("cache"), True)
    page.page.get_by_label("Path").fill("/orders")
    page.send()
    check("a hit says whose", "Cache hit" in page.text("cache") and "jane@example.com's, made for GET /pets/42" in page.text("cache"), True)
    settings(page, {"Result TTL": "60", "Identity sources": "cookie:a"}, fails=True)
    check("a mistake says what is allowed", "$request.header.NAME" in page.text("settings-problem"), True)
    page.page.keyboard.press("Escape")
    check("the browser noticed that alone", [text for text in page.complaints if "400" not in text], [])
    page.complaints.clear()
    settings(page, {"Result TTL": "0", "Identity sources": "", "PROVIDER_COGNITO__REQUIRED_GROUPS": "admins"})
    page.play("Valid ID token")
    check("a setting", page.shown(), ("403 Forbidden", "group_missing"))
    settings(page, {"PROVIDER_COGNITO__REQUIRED_GROUPS": ""})
    for kind, status in [("HTTP API, payload 2.0", "200 OK"), ("HTTP API, payload 1.0", "200 OK"), ("WebSocket API", "101 Switching Protocols"), ("REST API", "200 OK")]:
        page.page.get_by_role("button", name="Settings").click()
        page.page.get_by_label("Event kind").select_option(label=kind)
        page.page.get_by_role("button", name="Close").click()
        page.play("Valid ID token")
        check(kind, page.shown(), (status, "allowed"))


def settings(page, values, fails=False):
    page.page.get_by_role("button", name="Settings").click()
    for label, value in values.items():
        page.page.get_by_label(label).fill(value)
    with page.page.expect_response("**/_local/settings"):
        page.page.get_by_role("button", name="Apply").click()
    page.page.locator("#settings-problem" if fails else "#drawer:not([open])").wait_for(state="visible" if fails else "attached")
    page.idle()


def address(context, port):
    """What the address keeps is there again, and another deployment's page works too."""
    page = Page(context, port, "#scenario=Forged+signature&path=%2Fkept&method=PUT")
    page.page.locator("#found").wait_for()
    check("the address keeps a scenario", (page.shown()[1], page.page.locator("#path").input_value()), ("signature_invalid", "/kept"))
    page.page.close()


def accessible(page, name):
    """No violation that axe-core finds, in either theme and at two widths."""
    source = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
    for scheme in ["light", "dark"]:
        page.page.emulate_media(color_scheme=scheme)
        for width in [1200, 320]:
            page.page.set_viewport_size({"width": width, "height": 900})
            page.page.evaluate(source + "; undefined")
            found = page.page.evaluate("axe.run().then((found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]))")
            check(f"axe finds nothing ({name}, {scheme}, {width})", found, [])
    page.page.set_viewport_size({"width": 1200, "height": 900})


def look(page, folder, name):
    """Screenshots, for eyes."""
    folder.mkdir(exist_ok=True)
    for scheme in ["light", "dark"]:
        page.page.emulate_media(color_scheme=scheme)
        for size, width in [("wide", 1440), ("narrow", 390)]:
            page.page.set_viewport_size({"width": width, "height": 900})
            page.page.evaluate("scrollTo(0, 0)")
            page.page.screenshot(path=folder / f"page-{name}-{scheme}-{size}.png", full_page=True)
    page.page.set_viewport_size({"width": 1200, "height": 900})


def fits(page):
    page.page.set_viewport_size({"width": 320, "height": 800})
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
        accessible(page, "at first")
        use(page)
        drawer(page, port)
        states = {"refused": ["Expired"], "allowed": ["Valid access token"], "service": ["Service"]}
        for name, scenarios in states.items():
            for scenario in scenarios:
                page.play(scenario)
            accessible(page, name)
            fits(page)
            if folder:
                look(page, folder, name)
        settings(page, {"Result TTL": "300", "Identity sources": "Authorization"})
        page.play("Valid ID token")
        page.send()
        accessible(page, "hit")
        if folder:
            look(page, folder, "hit")
        page.page.get_by_role("button", name="Settings").click()
        accessible(page, "settings")
        check("the drawer leaves the token alone", page.page.locator("#token").input_value()[:3], "eyJ")
        if folder:
            look(page, folder, "settings")
        page.page.get_by_role("button", name="Close").click()
        settings(page, {"Result TTL": "0", "Identity sources": ""})
        address(context, port)
        check("the browser complains about nothing", page.complaints, [])
        web_socket(context, web_port)
        context.close()
    log = process.log.read_text()
    lines = [line for line in log.splitlines() if re.match(r"(GET|PUT|POST) ", line)]
    check("the page's requests are printed as such", sum(line.endswith("(the page)") for line in lines) > 30, True)
    check("no token is printed", "eyJ" in log or "dev-token" in log, False)
    stop(process)
    finish()


main()
