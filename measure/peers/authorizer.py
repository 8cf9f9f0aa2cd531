"""A Lambda authorizer with PyJWT."""

import functools
import json
import os
import urllib.request

import jwt

PREFIX = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__"
POOL = os.environ[PREFIX + "USERPOOL_ID"]
CLIENT = os.environ[PREFIX + "APP_CLIENT_ID"]
ISSUER = f"https://cognito-idp.{POOL.split('_')[0]}.amazonaws.com/{POOL}"
KEY_SET_URL = f"{os.environ['AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER']}/{POOL}/.well-known/jwks.json"


@functools.cache
def keys():
    with urllib.request.urlopen(KEY_SET_URL) as answer:
        return {key["kid"]: jwt.PyJWK(key).key for key in json.load(answer)["keys"]}


# Else the first call fetches them, as most do it.
if os.environ["PEER_FETCHES"] == "at the start":
    keys()


def handler(event, _context):
    try:
        token = event["headers"]["authorization"].removeprefix("Bearer ")
        key = keys()[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT, issuer=ISSUER)
    except (KeyError, jwt.InvalidTokenError):
        raise Exception("Unauthorized") from None
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {
        "principalId": claims["email"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"userId": claims["email"]},
    }
