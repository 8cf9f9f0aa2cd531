// npx cdk deploy --context zip=smac-lambda-authorizer-arm64.zip --context userPoolId=eu-west-1_Example --context appClientIds=1example23456789
import { App } from 'aws-cdk-lib';
import { Pets } from './stack';

const app = new App();
const given = (name: string): string => {
  const value = app.node.tryGetContext(name);
  if (!value) throw new Error(`--context ${name}=... must be given`);
  return value;
};
new Pets(app, 'Pets', { zip: given('zip'), userPoolId: given('userPoolId'), appClientIds: given('appClientIds').split(',') });
