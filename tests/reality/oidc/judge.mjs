// What jose makes of tokens. Standard input has {keys, issuer, audience, algorithms, leeway, tokens}; standard output gets a
// list with null for each token that it accepts, and a code for each other.

import { text } from "node:stream/consumers";

import { createLocalJWKSet, jwtVerify } from "jose";

const { keys, issuer, audience, algorithms, leeway, tokens } = JSON.parse(await text(process.stdin));
const keySet = createLocalJWKSet(keys);
const options = { issuer, audience, algorithms, clockTolerance: leeway, typ: "at+jwt", requiredClaims: ["exp", "sub"] };

async function judge(token) {
  try {
    await jwtVerify(token, keySet, options);
    return null;
  } catch (error) {
    return error.code ?? error.name;
  }
}

console.log(JSON.stringify(await Promise.all(tokens.map(judge))));
