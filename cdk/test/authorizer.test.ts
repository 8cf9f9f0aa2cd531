import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, aws_apigateway as apigateway, aws_apigatewayv2 as apigatewayv2, aws_cognito as cognito, aws_ec2 as ec2, aws_iam as iam, aws_kms as kms, aws_lambda as lambda, aws_logs as logs, aws_sns as sns, Duration, Stack } from 'aws-cdk-lib';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { IssuerPrincipalType, RulesMode, SmacAuthorizer, SmacAuthorizerProps, TokenType } from '../lib';

const POOL = { userPoolId: 'eu-west-1_Example', appClientIds: ['abc'] };
const code = () => lambda.Code.fromAsset(__dirname + '/../../terraform/tests/package.zip');

/** A stack with an authorizer: a pool, and what else is given. */
function authorizer(props: Partial<SmacAuthorizerProps> = {}, env?: { account: string; region: string }) {
  const stack = new Stack(new App(), 'Test', { env });
  const auth = new SmacAuthorizer(stack, 'Auth', { code: code(), pools: { primary: POOL }, ...props });
  return { stack, auth };
}

function environment(props: Partial<SmacAuthorizerProps>): unknown {
  const { stack } = authorizer(props);
  const [found] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  return found.Properties.Environment.Variables;
}

test('a pool is the environment of the function', () => {
  assert.deepEqual(environment({}), {
    SMAC__AUTH__PROVIDER: 'COGNITO',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID: 'eu-west-1_Example',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID: '["abc"]',
  });
});

test('each property is the setting that it names', () => {
  const found = environment({
    pools: {
      Primary: { ...POOL, region: 'eu-west-1', domain: 'https://auth.example.com', issuers: ['ORIGINAL', 'UPDATED'], jwks: 'keys.json', resourceAudience: ['https://api.example.com'] },
      partners: { userPoolId: 'eu-west-1_Partners', appClientIds: ['def', 'ghi'] },
    },
    issuers: {
      okta: {
        issuer: 'https://example.okta.com/oauth2/default',
        audience: ['api://default'],
        algorithms: ['RS256', 'ES256'],
        jwksUri: 'https://example.okta.com/keys',
        jwks: '{}',
        discoveryUrl: 'https://example.okta.com/discovery',
        clientId: ['web'],
        tokenType: TokenType.AT_JWT,
        userId: ['uid', 'sub'],
        userIdPrefix: 'okta:',
        scopeClaim: 'scp',
        groupsClaim: '/realm_access/roles',
        requiredScopes: ['read'],
        requiredGroups: ['clerks'],
        requiredClaims: { tenant: ['a', 'b'] },
        principalType: IssuerPrincipalType.USER,
        allowMachineTokens: true,
        userInfo: false,
      },
    },
    services: { secretsPrefix: 'smac/prod', secretsRegion: 'us-east-1', idHeader: 'X-Id', tokenHeader: 'X-Token', rotationGrace: Duration.hours(1) },
    rules: { policies: '/opt/rules', routes: '/opt/routes.json', namespace: 'Pets', mode: RulesMode.LOG },
    settings: { MODE: 'OPTIONAL' },
  });
  assert.deepEqual(found, {
    SMAC__AUTH__PROVIDER: 'COGNITO,OIDC',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID: 'eu-west-1_Example',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID: '["abc"]',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__REGION: 'eu-west-1',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__DOMAIN: 'https://auth.example.com',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__ISSUERS: '["ORIGINAL","UPDATED"]',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__JWKS: 'keys.json',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__RESOURCE_AUDIENCE: '["https://api.example.com"]',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PARTNERS__USERPOOL_ID: 'eu-west-1_Partners',
    SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PARTNERS__APP_CLIENT_ID: '["def","ghi"]',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__ISSUER: 'https://example.okta.com/oauth2/default',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__AUDIENCE: '["api://default"]',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__ALGORITHMS: '["RS256","ES256"]',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__JWKS_URI: 'https://example.okta.com/keys',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__JWKS: '{}',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__DISCOVERY_URL: 'https://example.okta.com/discovery',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__CLIENT_ID: '["web"]',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__TOKEN_TYPE: 'AT_JWT',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__USER_ID: '["uid","sub"]',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__USER_ID_PREFIX: 'okta:',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__SCOPE_CLAIM: 'scp',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__GROUPS_CLAIM: '/realm_access/roles',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__REQUIRED_SCOPES: '["read"]',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__REQUIRED_GROUPS: '["clerks"]',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__REQUIRED_CLAIMS: '{"tenant":["a","b"]}',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__PRINCIPAL_TYPE: 'USER',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__ALLOW_MACHINE_TOKENS: 'true',
    SMAC__AUTH__PROVIDER_OIDC__ISSUERS__OKTA__USER_INFO: 'false',
    SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX: 'smac/prod',
    SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION: 'us-east-1',
    SMAC__AUTH__AUTOMATION_PRINCIPALS__ID_HEADER_NAME: 'X-Id',
    SMAC__AUTH__AUTOMATION_PRINCIPALS__TOKEN_HEADER_NAME: 'X-Token',
    SMAC__AUTH__AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS: '3600',
    SMAC__AUTH__RULES__POLICIES: '/opt/rules',
    SMAC__AUTH__RULES__ROUTES: '/opt/routes.json',
    SMAC__AUTH__RULES__NAMESPACE: 'Pets',
    SMAC__AUTH__RULES__MODE: 'LOG',
    SMAC__AUTH__MODE: 'OPTIONAL',
  });
});

test('with a file it says who is asked', () => {
  assert.deepEqual(environment({ pools: undefined, settingsFile: '/opt/smac/settings.json' }), { SMAC__AUTH__SETTINGS_FILE: '/opt/smac/settings.json' });
});

test('what the function would refuse is refused before the deploy', () => {
  const issuer = { issuer: 'https://example.com', audience: ['x'] };
  const cases: [Partial<SmacAuthorizerProps>, RegExp][] = [
    [{ pools: undefined }, /nobody would be allowed/],
    [{ pools: { partners: POOL } }, /one must be named primary/],
    [{ pools: { primary: POOL, a__b: POOL } }, /letters, digits and single _/],
    [{ pools: { primary: POOL, PRIMARY: POOL } }, /differ in case alone/],
    [{ pools: { primary: { ...POOL, userPoolId: 'Example' } } }, /the id of a user pool/],
    [{ pools: { primary: { ...POOL, appClientIds: [] } } }, /at least one app client/],
    [{ issuers: { a: { ...issuer, issuer: 'http://example.com' } } }, /https URL/],
    [{ issuers: { a: { ...issuer, issuer: 'https://example.com?a' } } }, /https URL/],
    [{ issuers: { a: { ...issuer, audience: [] } } }, /needs an audience/],
    [{ issuers: { a: issuer, b: issuer } }, /the same issuer/],
    [{ issuers: { a: { ...issuer, algorithms: ['HS256'] } } }, /HS256 is none of/],
    [{ services: { secretsPrefix: '' } }, /secretsPrefix/],
    [{ services: { secretsPrefix: 'smac/' } }, /secretsPrefix/],
    [{ services: { secretsPrefix: 'smac', idHeader: 'smac-token' } }, /two headers/],
    [{ rules: { policies: 'rules' } }, /routes must be given/],
    [{ settings: { mode: 'OPTIONAL' } }, /in upper case/],
    [{ settings: { SMAC__AUTH__MODE: 'OPTIONAL' } }, /without SMAC__AUTH__/],
    [{ settings: { PROVIDER_COGNITO__USERPOOLS__X__USERPOOL_ID: 'eu-west-1_X' } }, /given as pools/],
    [{ settings: { PROVIDER_OIDC__ISSUERS__X__ISSUER: 'https://example.com' } }, /given as issuers/],
    [{ settings: { AUTOMATION_PRINCIPALS__ID_HEADER_NAME: 'X-Id' } }, /given as services/],
    [{ settings: { RULES__MODE: 'LOG' } }, /given as rules/],
    [{ settings: { SETTINGS_FILE: 'x.json' } }, /given as settingsFile/],
    [{ settings: { PROVIDER: 'NONE' } }, /PROVIDER follows/],
    [{ settings: { CONTEXT_CLAIMS: 'x'.repeat(4096) } }, /holds 4096/],
    [{ alarms: {}, settings: { METRICS: 'NONE' } }, /METRICS/],
  ];
  for (const [props, message] of cases) assert.throws(() => authorizer(props), message, JSON.stringify(props));
  const allowed: Partial<SmacAuthorizerProps>[] = [
    { settings: { MODE: 'OPTIONAL' }, pools: undefined },
    { rules: { policies: 'rules' }, settings: { POLICY__SCOPE: 'METHOD' } },
    { settings: { PROVIDER: 'COGNITO' }, settingsFile: 'x.json' },
  ];
  for (const props of allowed) assert.doesNotThrow(() => authorizer(props), JSON.stringify(props));
});

test('a pool of the same stack is known only at the deploy', () => {
  const stack = new Stack(new App(), 'Test');
  const pool = new cognito.UserPool(stack, 'Pool');
  const client = pool.addClient('Client');
  new SmacAuthorizer(stack, 'Auth', { code: code(), pools: { primary: { userPoolId: pool.userPoolId, appClientIds: [client.userPoolClientId] } } });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: {
        SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__USERPOOL_ID: { Ref: Match.stringLikeRegexp('Pool') },
        SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__PRIMARY__APP_CLIENT_ID: { 'Fn::Join': ['', ['["', { Ref: Match.stringLikeRegexp('Client') }, '"]']] },
      },
    },
  });
});

test('the function, its alias and its log', () => {
  const template = Template.fromStack(authorizer().stack);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Runtime: 'provided.al2023',
    Handler: 'bootstrap',
    Architectures: ['arm64'],
    MemorySize: 256,
    Timeout: 10,
    LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: Match.absent(), SystemLogLevel: Match.absent() },
  });
  template.hasResourceProperties('AWS::Lambda::Alias', { Name: 'live' });
  template.hasResource('AWS::Lambda::Version', { DeletionPolicy: 'Retain' });
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  template.resourceCountIs('AWS::Lambda::Permission', 0);
  template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
});

test('the role may read the services\' secrets, and nothing else', () => {
  const { stack } = authorizer({}, { account: '123456789012', region: 'eu-west-1' });
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: [Match.objectLike({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] })] } });

  const other = authorizer({ services: { secretsPrefix: 'smac/prod', encryptionKey: kms.Key.fromKeyArn(new Stack(), 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/1b3f0c56-0f4e-4b1a-9f0e-0123456789ab') } }, { account: '123456789012', region: 'eu-west-1' });
  Template.fromStack(other.stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        Match.objectLike({ Sid: 'WriteOwnLog' }),
        Match.objectLike({ Sid: 'ReadServicesSecrets', Action: 'secretsmanager:GetSecretValue', Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':secretsmanager:eu-west-1:123456789012:secret:smac/prod/*']] } }),
        Match.objectLike({ Sid: 'DecryptServicesSecrets', Action: 'kms:Decrypt', Resource: 'arn:aws:kms:eu-west-1:123456789012:key/1b3f0c56-0f4e-4b1a-9f0e-0123456789ab' }),
      ],
    },
  });
});

test('in a VPC, with a boundary, keys and tracing', () => {
  const stack = new Stack(new App(), 'Test', { env: { account: '123456789012', region: 'eu-west-1' } });
  new SmacAuthorizer(stack, 'Auth', {
    code: code(),
    pools: { primary: POOL },
    vpc: new ec2.Vpc(stack, 'Vpc'),
    permissionsBoundary: iam.ManagedPolicy.fromManagedPolicyArn(stack, 'Boundary', 'arn:aws:iam::123456789012:policy/boundary'),
    logEncryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/1b3f0c56-0f4e-4b1a-9f0e-0123456789ab'),
    environmentEncryption: kms.Key.fromKeyArn(stack, 'Other', 'arn:aws:kms:eu-west-1:123456789012:key/2b3f0c56-0f4e-4b1a-9f0e-0123456789ab'),
    tracing: lambda.Tracing.ACTIVE,
    provisionedConcurrency: 2,
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::IAM::Role', { PermissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary' });
  template.hasResourceProperties('AWS::Logs::LogGroup', { KmsKeyId: 'arn:aws:kms:eu-west-1:123456789012:key/1b3f0c56-0f4e-4b1a-9f0e-0123456789ab' });
  template.hasResourceProperties('AWS::Lambda::Function', { KmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/2b3f0c56-0f4e-4b1a-9f0e-0123456789ab', TracingConfig: { Mode: 'Active' }, VpcConfig: { SubnetIds: Match.anyValue() } });
  template.hasResourceProperties('AWS::Lambda::Alias', { ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 } });
  template.hasResourceProperties('AWS::IAM::Policy', { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Effect: 'Deny', Action: 'ec2:*' })]) } });
});

test('each other property is in the resource that it names', () => {
  const stack = new Stack(new App(), 'Test', { env: { account: '123456789012', region: 'eu-west-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc');
  new SmacAuthorizer(stack, 'Auth', {
    code: code(),
    pools: { primary: POOL },
    architecture: lambda.Architecture.X86_64,
    layers: [lambda.LayerVersion.fromLayerVersionArn(stack, 'Layer', 'arn:aws:lambda:eu-west-1:123456789012:layer:rules:7')],
    memorySize: 512,
    reservedConcurrency: 77,
    vpc,
    vpcSubnets: { subnets: [vpc.privateSubnets[0]] },
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-01234567')],
    logRetention: logs.RetentionDays.TWO_YEARS,
    dashboard: false,
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Architectures: ['x86_64'],
    Layers: ['arn:aws:lambda:eu-west-1:123456789012:layer:rules:7'],
    MemorySize: 512,
    ReservedConcurrentExecutions: 77,
    VpcConfig: { SecurityGroupIds: ['sg-01234567'], SubnetIds: [stack.resolve(vpc.privateSubnets[0].subnetId)] },
  });
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 731 });
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
});

test('a REST API: nothing is cached unless said so, and refusals can be read', () => {
  const { stack, auth } = authorizer();
  const api = new apigateway.RestApi(stack, 'Api', { cloudWatchRole: false });
  api.root.addMethod('GET', new apigateway.MockIntegration(), { authorizer: auth.restAuthorizer() });
  auth.addGatewayResponses(api, 'https://app.example.com');
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::ApiGateway::Authorizer', { Type: 'REQUEST', AuthorizerResultTtlInSeconds: 0, IdentitySource: '' });
  template.hasResourceProperties('AWS::ApiGateway::Method', { AuthorizationType: 'CUSTOM' });
  template.hasResourceProperties('AWS::Lambda::Permission', { FunctionName: { Ref: Match.stringLikeRegexp('Live') }, Principal: 'apigateway.amazonaws.com' });
  template.resourceCountIs('AWS::ApiGateway::GatewayResponse', 4);
  template.resourceCountIs('AWS::ApiGateway::Account', 0);
  const filled = Object.values(template.findResources('AWS::ApiGateway::GatewayResponse', { Properties: { ResponseType: 'ACCESS_DENIED' } }))[0]
    .Properties.ResponseTemplates['application/json'].replace('$context.error.messageString', '"no"').replace('$context.authorizer.reason', 'group_missing');
  assert.deepEqual(JSON.parse(filled), { message: 'no', reason: 'group_missing' });
});

test('a REST API of the kind TOKEN, and with a cache', () => {
  const { stack, auth } = authorizer();
  const api = new apigateway.RestApi(stack, 'Api', { cloudWatchRole: false });
  api.root.addMethod('GET', new apigateway.MockIntegration(), { authorizer: auth.restTokenAuthorizer() });
  const cached = auth.restAuthorizer('Cached', { identitySources: [apigateway.IdentitySource.header('Authorization')], resultsCacheTtl: Duration.minutes(1) });
  api.root.addMethod('POST', new apigateway.MockIntegration(), { authorizer: cached });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::ApiGateway::Authorizer', { Type: 'TOKEN', IdentitySource: 'method.request.header.Authorization', AuthorizerResultTtlInSeconds: 300 });
  template.hasResourceProperties('AWS::ApiGateway::Authorizer', { Type: 'REQUEST', IdentitySource: 'method.request.header.Authorization', AuthorizerResultTtlInSeconds: 60 });
  assert.throws(() => auth.restAuthorizer('Keyless', { resultsCacheTtl: Duration.minutes(1) }), /which are the key/);
});

for (const [response, simple] of [['IAM', { AuthorizerPayloadFormatVersion: '1.0', EnableSimpleResponses: Match.absent() }], ['SIMPLE', { AuthorizerPayloadFormatVersion: '2.0', EnableSimpleResponses: true }]] as const) {
  test(`an HTTP API whose function answers ${response}`, () => {
    const { stack, auth } = authorizer({ settings: { HTTP_API_RESPONSE: response } });
    const api = new apigatewayv2.HttpApi(stack, 'Api');
    api.addRoutes({ path: '/', integration: new HttpLambdaIntegration('I', auth.authorizerFunction), authorizer: auth.httpAuthorizer() });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', { ...simple, AuthorizerResultTtlInSeconds: 0, IdentitySource: [] });
    template.hasResourceProperties('AWS::Lambda::Permission', { FunctionName: { Ref: Match.stringLikeRegexp('Live') }, SourceArn: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('/authorizers/')])] } });
  });
}

test('a WebSocket API: no identity source, since clients differ', () => {
  const { stack, auth } = authorizer();
  const integration = new WebSocketLambdaIntegration('I', auth.authorizerFunction);
  new apigatewayv2.WebSocketApi(stack, 'Api', { connectRouteOptions: { integration, authorizer: auth.webSocketAuthorizer() } });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', { AuthorizerType: 'REQUEST', IdentitySource: [] });
  template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$connect', AuthorizationType: 'CUSTOM' });
});

test('other accounts and an organization', () => {
  const { stack, auth } = authorizer();
  auth.allowApi('Orders', 'arn:aws:execute-api:eu-west-1:210987654321:*');
  auth.allowOrganization('o-a1b2c3d4e5');
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::Permission', { Principal: 'apigateway.amazonaws.com', SourceArn: 'arn:aws:execute-api:eu-west-1:210987654321:*/authorizers/*' });
  template.hasResourceProperties('AWS::Lambda::Permission', { Principal: '*', PrincipalOrgID: 'o-a1b2c3d4e5' });
});

test('alarms are the SAM template\'s', () => {
  const stack = new Stack(new App(), 'Test');
  new SmacAuthorizer(stack, 'Auth', { code: code(), pools: { primary: POOL }, alarms: { topic: new sns.Topic(stack, 'Topic'), unauthorizedPercent: 30, silenceMinutes: 90 } });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', 8);
  template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [Match.anyValue()], TreatMissingData: Match.anyValue() });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { Threshold: 30 });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { EvaluationPeriods: 90 });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'Decisions', Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('AuthFunction') } }, { Name: 'outcome', Value: 'fault' }] });
  const [filter] = Object.values(template.findResources('AWS::Logs::MetricFilter'));
  assert.equal(filter.Properties.FilterPattern, '{ $.level = "ERROR" }');
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { Namespace: filter.Properties.MetricTransformations[0].MetricNamespace, MetricName: 'ErrorLines' });
  assert.doesNotMatch(JSON.stringify(template.toJSON()), /\$\{\w+\}|undefined/);
});

test('no alarm for silence, no dashboard without metrics', () => {
  Template.fromStack(authorizer({ alarms: { silenceMinutes: 0 } }).stack).resourceCountIs('AWS::CloudWatch::Alarm', 7);
  Template.fromStack(authorizer().stack).resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  Template.fromStack(authorizer({ settings: { METRICS: 'NONE' } }).stack).resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  Template.fromStack(authorizer({ savedQueries: false }).stack).resourceCountIs('AWS::Logs::QueryDefinition', 0);
});
