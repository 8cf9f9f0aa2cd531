// A Lambda authorizer with aws-jwt-verify. The key set comes over http from the stand-in, so it is fetched here.
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

const prefix = "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__";
const userPoolId = process.env[`${prefix}USERPOOL_ID`];
const keySetUrl = `${process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER}/${userPoolId}/.well-known/jwks.json`;
const fetcher = { fetch: async () => (await fetch(keySetUrl)).arrayBuffer().then((body) => new Uint8Array(body)) };
const options = { userPoolId, tokenUse: "id", clientId: process.env[`${prefix}APP_CLIENT_ID`] };
const verifier = CognitoJwtVerifier.create(options, { jwksCache: new SimpleJwksCache({ fetcher }) });
// Else the first call fetches it, as most do it.
if (process.env.PEER_FETCHES === "at the start") {
  await verifier.hydrate();
}

export async function handler(event) {
  const token = (event.headers.authorization ?? "").slice("Bearer ".length);
  const claims = await verifier.verify(token).catch(() => {
    throw new Error("Unauthorized");
  });
  const statement = { Effect: "Allow", Action: "execute-api:Invoke", Resource: event.methodArn };
  return {
    principalId: claims.email,
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { userId: claims.email },
  };
}
