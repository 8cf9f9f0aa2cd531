// The authorizer, and an API of each kind that uses it. Each answers who the caller is.
import { CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SmacAuthorizer } from '../lib';

export interface PetsProps extends StackProps {
  /** The zip with the authorizer, for arm64. */
  readonly zip: string;
  readonly userPoolId: string;
  readonly appClientIds: string[];
}

export class Pets extends Stack {
  constructor(scope: Construct, id: string, props: PetsProps) {
    super(scope, id, props);

    const auth = new SmacAuthorizer(this, 'Auth', {
      code: lambda.Code.fromAsset(props.zip),
      pools: { primary: { userPoolId: props.userPoolId, appClientIds: props.appClientIds } },
      services: { secretsPrefix: 'smac/prod' },
      settings: { JWT__WEBSOCKET_PROTOCOL: 'bearer' },
      alarms: {},
    });

    // REST: one authorizer for users and services, and so no identity sources and no caching.
    const rest = new apigateway.RestApi(this, 'Rest', {
      // The role would be the whole account's, and would stay behind when the stack is deleted. Access logs need it once per account.
      cloudWatchRole: false,
      deployOptions: {
        stageName: 'prod',
        accessLogDestination: new apigateway.LogGroupLogDestination(this.log('RestAccessLog')),
        accessLogFormat: apigateway.AccessLogFormat.custom(
          JSON.stringify({
            requestId: apigateway.AccessLogField.contextRequestId(),
            route: apigateway.AccessLogField.contextResourcePath(),
            status: apigateway.AccessLogField.contextStatus(),
            userId: '$context.authorizer.userId',
            reason: '$context.authorizer.reason',
            authorizerError: '$context.authorizer.error',
          }),
        ),
        throttlingRateLimit: 100,
        throttlingBurstLimit: 200,
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
      },
    });
    rest.root.addMethod('GET', new apigateway.LambdaIntegration(this.backend('RestBackend', REST), { timeout: Duration.seconds(10) }), { authorizer: auth.restAuthorizer() });
    auth.addGatewayResponses(rest);

    const http = new apigatewayv2.HttpApi(this, 'Http', { createDefaultStage: false });
    http.addRoutes({
      path: '/',
      methods: [apigatewayv2.HttpMethod.GET],
      integration: new HttpLambdaIntegration('HttpBackend', this.backend('HttpBackend', HTTP), { timeout: Duration.seconds(10) }),
      authorizer: auth.httpAuthorizer(),
    });
    const httpStage = http.addStage('Stage', { autoDeploy: true, throttle: { rateLimit: 100, burstLimit: 200 } });
    this.addAccessLog(httpStage, 'HttpAccessLog');

    const socket = new WebSocketLambdaIntegration('WebSocketBackend', this.backend('WebSocketBackend', WEB_SOCKET));
    const webSocket = new apigatewayv2.WebSocketApi(this, 'WebSocket', {
      connectRouteOptions: { integration: socket, authorizer: auth.webSocketAuthorizer(), returnResponse: true },
      defaultRouteOptions: { integration: socket, returnResponse: true },
    });
    const webSocketStage = new apigatewayv2.WebSocketStage(this, 'WebSocketStage', {
      webSocketApi: webSocket,
      stageName: 'prod',
      autoDeploy: true,
      throttle: { rateLimit: 100, burstLimit: 200 },
    });
    this.addAccessLog(webSocketStage, 'WebSocketAccessLog');

    new CfnOutput(this, 'RestUrl', { value: rest.url });
    new CfnOutput(this, 'HttpUrl', { value: `${http.apiEndpoint}/` });
    new CfnOutput(this, 'WebSocketUrl', { value: webSocketStage.url });
  }

  private log(id: string): logs.LogGroup {
    return new logs.LogGroup(this, id, { retention: logs.RetentionDays.TWO_WEEKS, removalPolicy: RemovalPolicy.DESTROY });
  }

  /** An API of version 2 has no gateway responses: a refused client sees no reason, but this log does. */
  private addAccessLog(stage: apigatewayv2.IStage, id: string): void {
    const log = this.log(id);
    (stage.node.defaultChild as apigatewayv2.CfnStage).accessLogSettings = {
      destinationArn: log.logGroupArn,
      format: JSON.stringify({
        requestId: '$context.requestId',
        route: '$context.routeKey',
        status: '$context.status',
        userId: '$context.authorizer.userId',
        reason: '$context.authorizer.reason',
        authorizerError: '$context.authorizer.error',
      }),
    };
  }

  private backend(id: string, code: string): lambda.Function {
    const logGroup = this.log(`${id}Log`);
    const role = new iam.Role(this, `${id}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }));
    return new lambda.Function(this, id, {
      runtime: lambda.Runtime.PYTHON_3_14,
      handler: 'index.handler',
      code: lambda.Code.fromInline(code),
      timeout: Duration.seconds(5),
      role,
      logGroup,
    });
  }
}

const REST = `import json


def handler(event, context):
    caller = event["requestContext"]["authorizer"]
    who = {"userId": caller["userId"], "principalType": caller["principalType"]}
    return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": json.dumps(who)}
`;

const HTTP = `def handler(event, context):
    caller = event["requestContext"]["authorizer"]["lambda"]
    return {"userId": caller["userId"], "principalType": caller["principalType"]}
`;

const WEB_SOCKET = `import json


def handler(event, context):
    caller = event["requestContext"]["authorizer"]
    if event["requestContext"]["eventType"] == "CONNECT":
        # A browser closes the connection unless one of the sub-protocols that it offered is accepted.
        protocol = caller.get("webSocketProtocol")
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": protocol} if protocol else {}}
    return {"statusCode": 200, "body": json.dumps({"userId": caller["userId"], "principalType": caller["principalType"]})}
`;
