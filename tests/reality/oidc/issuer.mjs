// A real issuer on loopback: oidc-provider with one new key for each algorithm at each start, and one client, that gets its
// tokens by client_credentials. The resource that it asks for names the audience and the algorithm: <audience>?<algorithm>.
//
// usage: node issuer.mjs PORT [ISSUER]

import { randomUUID } from "node:crypto";

import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

const [port, issuer = `http://127.0.0.1:${port}`] = process.argv.slice(2);

async function newKey(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), use: "sig", alg };
}

function resourceServer(_context, resource) {
  const [audience, alg] = resource.split("?");
  return { audience, scope: "read", accessTokenFormat: "jwt", jwt: { sign: { alg } } };
}

const provider = new Provider(issuer, {
  jwks: { keys: await Promise.all(ALGORITHMS.map(newKey)) },
  clients: [
    {
      client_id: "batch",
      client_secret: "a-secret",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    },
  ],
  scopes: ["read"],
  enabledJWA: { dPoPSigningAlgValues: ["ES256"] },
  features: {
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
    devInteractions: { enabled: false },
  },
});

provider.listen(Number(port), "127.0.0.1");
