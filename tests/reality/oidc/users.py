"""A real issuer for users on loopback: oidc-provider-mock, except that its access tokens, opaque otherwise, come from Authlib's
generator of RFC 9068 tokens. Their `aud` is the client.

usage: users.py PORT
"""

import sys

import flask
import oidc_provider_mock
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator


class AccessTokens(JWTBearerTokenGenerator):
    def get_jwks(self):
        key = flask.g.oidc_provider_mock_storage.jwk
        return {"keys": [key.as_dict(is_private=True)]}


# What Authlib asks a user for, and oidc-provider-mock's opaque tokens need not.
oidc_provider_mock.User.get_user_id = lambda user: user.sub


def main():
    port = int(sys.argv[1])
    tokens = AccessTokens(f"http://127.0.0.1:{port}")
    app = flask.Flask(__name__)
    app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = tokens.access_token_generator
    oidc_provider_mock.init_app(app)
    app.run(port=port)


main()
