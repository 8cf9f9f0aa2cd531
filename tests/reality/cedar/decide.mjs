// What Cedar's own WebAssembly decides. A line of JSON in is a set of policies by their names with questions about them; a line
// of JSON out is their decisions: whether it is allowed, the policies that decide, the policies that fail.
import { createInterface } from "node:readline";
import cedar from "@cedar-policy/cedar-wasm/nodejs";

function decide(staticPolicies, { principal, action, resource, context, entities }) {
  const answer = cedar.isAuthorized({ principal, action, resource, context, entities, policies: { staticPolicies } });
  if (answer.type !== "success") throw new Error(JSON.stringify(answer));
  const { decision, diagnostics } = answer.response;
  return [decision === "allow", diagnostics.reason.sort(), diagnostics.errors.map(({ policyId }) => policyId).sort()];
}

for await (const line of createInterface({ input: process.stdin })) {
  const { policies, questions } = JSON.parse(line);
  console.log(JSON.stringify(questions.map((question) => decide(policies, question))));
}
