// Attaches a deployed authorizer to a REST API and to an HTTP API: AUTHORIZER_ARN is the output AuthorizerArn of its stack.
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as lambda from 'aws-cdk-lib/aws-lambda';

const authorizerArn = process.env.AUTHORIZER_ARN;
if (!authorizerArn) {
  throw new Error('AUTHORIZER_ARN must be the AuthorizerArn of the deployed authorizer');
}

const app = new App();
const stack = new Stack(app, 'Pets');

// `sameEnvironment`: else no permission to call it is made.
const authorizer = lambda.Function.fromFunctionAttributes(stack, 'Authorizer', {
  functionArn: authorizerArn,
  sameEnvironment: true,
});

const backend = new lambda.Function(stack, 'Backend', {
  runtime: lambda.Runtime.PYTHON_3_13,
  handler: 'index.handler',
  code: lambda.Code.fromInline(
    'def handler(event, context):\n    return {"statusCode": 200, "body": "allowed"}\n',
  ),
});

// REST: no identity sources and no caching, for two kinds of credentials.
const rest = new apigateway.RestApi(stack, 'Rest');
const restAuthorizer = new apigateway.RequestAuthorizer(stack, 'RestAuthorizer', {
  handler: authorizer,
  identitySources: [],
  resultsCacheTtl: Duration.seconds(0),
});
rest.root.addMethod('GET', new apigateway.LambdaIntegration(backend), { authorizer: restAuthorizer });
rest.addGatewayResponse('Denied', {
  type: apigateway.ResponseType.ACCESS_DENIED,
  statusCode: '403',
  responseHeaders: { 'Access-Control-Allow-Origin': "'*'" },
  // messageString comes quoted and escaped; the reason is a code that needs no escaping.
  templates: {
    'application/json': '{"message": $context.error.messageString, "reason": "$context.authorizer.reason"}',
  },
});

// HTTP: payload 2.0 and simple answers, so the authorizer's stack must have HttpApiResponse SIMPLE. The REST API's answers
// are policies all the same.
const http = new apigatewayv2.HttpApi(stack, 'Http');
const httpAuthorizer = new HttpLambdaAuthorizer('HttpAuthorizer', authorizer, {
  responseTypes: [HttpLambdaResponseType.SIMPLE],
  identitySource: [],
  resultsCacheTtl: Duration.seconds(0),
});
http.addRoutes({
  path: '/',
  methods: [apigatewayv2.HttpMethod.GET],
  integration: new HttpLambdaIntegration('HttpBackend', backend),
  authorizer: httpAuthorizer,
});

new CfnOutput(stack, 'RestUrl', { value: rest.url });
new CfnOutput(stack, 'HttpUrl', { value: http.apiEndpoint });
app.synth();
