import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Aspects, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, NagSuppressions } from 'cdk-nag';
import { Pets } from '../example/stack';

/** What cdk-nag reports about the example, and why it is right as it is. */
const EXPLAINED = [
  { id: 'AwsSolutions-L1', reason: 'Of the backends. The latest runtime changes with each CDK, and these need none of what is new.' },
  { id: 'AwsSolutions-IAM5', reason: 'Streams of one log group, and secrets below one prefix: new ones must be covered.' },
  { id: 'AwsSolutions-COG4', reason: 'The authorizer judges the tokens of Cognito, and of others too.' },
  { id: 'AwsSolutions-APIG2', reason: 'The example has one GET without parameters: there is nothing to validate.' },
  { id: 'AwsSolutions-APIG3', reason: 'A web ACL belongs to a real API and costs by the month; the example has none.' },
  { id: 'AwsSolutions-APIG4', reason: '$default of a WebSocket API can have no authorizer: $connect has it.' },
];

function pets(): Stack {
  return new Pets(new App(), 'Pets', { zip: __dirname + '/../../terraform/tests/package.zip', userPoolId: 'eu-west-1_Example', appClientIds: ['abc'] });
}

function findings(stack: Stack): string[] {
  Aspects.of(stack).add(new AwsSolutionsChecks({ verbose: true }));
  const annotations = Annotations.fromStack(stack);
  const found = [...annotations.findError('*', Match.anyValue()), ...annotations.findWarning('*', Match.stringLikeRegexp('AwsSolutions-.*'))];
  return found.map((entry) => `${entry.id}: ${String(entry.entry.data).slice(0, 300)}`);
}

test('cdk-nag finds nothing that is not explained', () => {
  const stack = pets();
  NagSuppressions.addStackSuppressions(stack, EXPLAINED);
  assert.deepEqual(findings(stack), []);
});

test('each explanation is about something that is found', () => {
  const found = findings(pets()).join('\n');
  for (const { id } of EXPLAINED) assert.match(found, new RegExp(id), id);
});

test('the example leaves nothing of the account\'s behind', () => {
  Template.fromStack(pets()).resourceCountIs('AWS::ApiGateway::Account', 0);
});
