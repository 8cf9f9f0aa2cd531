"""The binary against oidc-provider-mock and Authlib: users who log in by the authorization code flow, access tokens without an
email, userInfo.

usage: oidc_users.py [BINARY]
"""

import json
import os
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

from harness import BINARY, EMAIL, ROOT, Function, allow, bearer, check, deny, fault, finish, free_port, start, stop

CLIENT = "web"
CALLBACK = "http://127.0.0.1/callback"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


class Issuer:
    def __init__(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        env = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
        self.process = start([sys.executable, str(ROOT / "tests/reality/oidc/users.py"), str(port)], env=env, port=port)

    def stop(self):
        stop(self.process)

    def call(self, method, path, body=b"", **headers):
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            return OPENER.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            if error.code == 302:
                return error
            raise

    def set_user(self, sub, **claims):
        self.call("PUT", f"/users/{sub}", json.dumps(claims).encode(), **{"Content-Type": "application/json"})

    def revoke(self, sub):
        self.call("POST", f"/users/{sub}/revoke-tokens")

    def login(self, sub, scope="openid email"):
        """The authorization code flow."""
        flow = {"client_id": CLIENT, "redirect_uri": CALLBACK, "response_type": "code", "scope": scope}
        form = urllib.parse.urlencode({"sub": sub}).encode()
        location = self.call("POST", f"/oauth2/authorize?{urllib.parse.urlencode(flow)}", form).headers["Location"]
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT, "redirect_uri": CALLBACK}
        form = urllib.parse.urlencode({**grant, "client_secret": "any"}).encode()
        return json.load(self.call("POST", "/oauth2/token", form))


def main():
    binary = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else BINARY
    issuer = Issuer()
    issuer.set_user("jane", email=EMAIL, email_verified=True)
    issuer.set_user("john", email="john@example.com", email_verified=False)
    issuer.set_user("joan", email="joan@example.com")

    def run(**settings):
        common = {"ISSUER": issuer.url, "AUDIENCE": CLIENT, "USER_INFO": "true", "USER_ID": "email"}
        settings = {f"PROVIDER_OIDC__ISSUERS__WEB__{name}": value for name, value in {**common, **settings}.items()}
        # Refusals are answers with their reason, and a revocation is seen at once.
        settings |= {"PROVIDER": "OIDC", "UNAUTHORIZED_AS": "DENY", "CACHE__TTL_SECONDS": "0"}
        return Function({f"SMAC__AUTH__{name}": value for name, value in settings.items()}, binary)

    function = run()
    jane = issuer.login("jane")
    token = jane["access_token"]
    check("an access token, by userInfo", function.invoke(bearer(token)), allow(EMAIL))
    check("userInfo was asked", function.decisions()[-1]["lookups"].get("userInfo"), "fetched")
    answer = function.invoke(bearer(issuer.login("john")["access_token"]))
    check("an email that is not verified", answer, deny("user_id_not_verified"))
    answer = function.invoke(bearer(issuer.login("joan")["access_token"]))
    check("an email of which nothing is said", answer, deny("user_id_not_verified"))
    answer = function.invoke(bearer(issuer.login("jane", scope="openid")["access_token"]))
    check("userInfo without an email", answer, deny("user_id_missing"))
    answer = function.invoke(bearer(issuer.login("jane", scope="email")["access_token"]))
    check("a token that userInfo can't be asked about", answer, deny("user_id_missing"))
    # oidc-provider-mock names no key in these.
    check("an ID token without a key id", function.invoke(bearer(jane["id_token"])), deny("token_malformed"))

    issuer.revoke("jane")
    check("a revoked token", function.invoke(bearer(token)), deny("token_revoked"))
    token = issuer.login("jane")["access_token"]
    check("after another login", function.invoke(bearer(token)), allow(EMAIL))

    unseen = issuer.login("jane")["access_token"]
    issuer.stop()
    answer = function.invoke(bearer(unseen))
    check("while the issuer is down", answer.get("errorMessage"), fault("user_info_unavailable"))
    check("while it is down, and who is remembered", function.invoke(bearer(token)), allow(EMAIL))
    function.stop()

    issuer = Issuer()
    issuer.set_user("jane", email=EMAIL, email_verified=True)
    function = run(USER_INFO="false")
    answer = function.invoke(bearer(issuer.login("jane")["access_token"]))
    check("without userInfo", answer, deny("user_id_missing"))
    function.stop()
    token = issuer.login("jane")["access_token"]
    for kind in ("user", "service"):
        function = run(USER_INFO="false", USER_ID="sub", USER_ID_PREFIX="web:", PRINCIPAL_TYPE=kind.upper())
        check(f"a {kind}, by subject", function.invoke(bearer(token)), allow("web:jane", kind))
        function.stop()
    finish()


main()
