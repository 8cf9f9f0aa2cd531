import * as fs from 'fs';
import * as path from 'path';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { HttpLambdaAuthorizer, HttpLambdaResponseType, WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { environment, mistakes, SettingsProps } from './settings';

/** CloudWatch alarms. */
export interface AlarmsProps {
  /**
   * Where they are sent.
   * @default nowhere
   */
  readonly topic?: sns.ITopic;
  /**
   * The share of unauthorized requests, in percent, from which on there is an alarm.
   * @default 50
   */
  readonly unauthorizedPercent?: number;
  /**
   * After how long without any decision there is an alarm, in minutes. 0 for never.
   * @default 60
   */
  readonly silenceMinutes?: number;
}

/** The authorizer. */
export interface SmacAuthorizerProps extends SettingsProps {
  /** The zip with the function: `lambda.Code.fromAsset('smac-lambda-authorizer-arm64.zip')`, or `fromBucket`. */
  readonly code: lambda.Code;
  /**
   * The processor that the zip was built for.
   * @default lambda.Architecture.ARM_64
   */
  readonly architecture?: lambda.Architecture;
  /**
   * Layers with files of `rules` and `settingsFile`.
   * @default none
   */
  readonly layers?: lambda.ILayerVersion[];
  /**
   * The function's memory in MB. Its share of a processor grows with it.
   * @default 256
   */
  readonly memorySize?: number;
  /**
   * How many requests are decided at once at most, reserved from the account's limit.
   * @default no such bound
   */
  readonly reservedConcurrency?: number;
  /**
   * How many instances are kept ready.
   * @default none
   */
  readonly provisionedConcurrency?: number;
  /**
   * Whether Lambda traces calls in X-Ray.
   * @default only calls that are traced already, as Lambda does it
   */
  readonly tracing?: lambda.Tracing;
  /**
   * The VPC. Its subnets need a way to the issuers: a NAT gateway or a proxy.
   * @default none
   */
  readonly vpc?: ec2.IVpc;
  /**
   * The subnets in the VPC.
   * @default the private ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * The function's security groups in the VPC. Outgoing HTTPS must be allowed.
   * @default a new one
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * The permissions boundary of the role.
   * @default none
   */
  readonly permissionsBoundary?: iam.IManagedPolicy;
  /**
   * The key of the function's environment.
   * @default AWS's
   */
  readonly environmentEncryption?: kms.IKey;
  /**
   * The key of the log group. Its policy must allow CloudWatch Logs to use it.
   * @default AWS's
   */
  readonly logEncryptionKey?: kms.IKey;
  /**
   * How long the log is kept.
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;
  /**
   * Alarms. They need the setting METRICS to be EMF.
   * @default none
   */
  readonly alarms?: AlarmsProps;
  /**
   * Whether there is a dashboard. Without metrics there is none.
   * @default true
   */
  readonly dashboard?: boolean;
  /**
   * Whether the queries of docs/operations.md are saved in the account, in a folder with the construct's path.
   * @default true
   */
  readonly savedQueries?: boolean;
}

/** How a REST API's authorizer is asked. */
export interface RestAuthorizerOptions {
  /**
   * The authorizer's name in the API.
   * @default made by the CDK
   */
  readonly authorizerName?: string;
  /**
   * What a request must have, and what answers are cached by. Users and services with one authorizer have none in common.
   * @default none
   */
  readonly identitySources?: string[];
  /**
   * How long API Gateway caches an answer. docs/attach.md says what to set.
   * @default not at all
   */
  readonly resultsCacheTtl?: Duration;
}

/** How a REST API's authorizer of the kind TOKEN is asked: for users alone. */
export interface RestTokenAuthorizerOptions {
  /**
   * The header with the token.
   * @default Authorization
   */
  readonly header?: string;
  /**
   * How long API Gateway caches an answer, under the header's value.
   * @default 5 minutes
   */
  readonly resultsCacheTtl?: Duration;
}

/** How an HTTP API's authorizer is asked. */
export interface HttpAuthorizerOptions {
  /**
   * What a request must have, and what answers are cached by. Users and services with one authorizer have none in common.
   * @default none
   */
  readonly identitySource?: string[];
  /**
   * How long API Gateway caches an answer. docs/attach.md says what to set.
   * @default not at all
   */
  readonly resultsCacheTtl?: Duration;
}

/** How a WebSocket API's authorizer is asked. */
export interface WebSocketAuthorizerOptions {
  /**
   * What a connection must have. Others are a 401 that never reaches the function.
   * @default nothing, since clients differ
   */
  readonly identitySource?: string[];
}

/**
 * The authorizer as a Lambda function, with its role, log, alarms and dashboard. Its methods attach it to APIs.
 *
 * @example
 * const auth = new SmacAuthorizer(this, 'Auth', {
 *   code: lambda.Code.fromAsset('smac-lambda-authorizer-arm64.zip'),
 *   pools: { primary: { userPoolId: 'eu-west-1_Example', appClientIds: ['1example23456789'] } },
 * });
 * api.root.addMethod('GET', integration, { authorizer: auth.restAuthorizer() });
 */
export class SmacAuthorizer extends Construct {
  /** The function. */
  public readonly authorizerFunction: lambda.Function;
  /** What APIs call: the version that was deployed last. The versions before are what one rolls back to. */
  public readonly alias: lambda.Alias;
  /** The log group with a line for each decision. */
  public readonly logGroup: logs.LogGroup;
  /** The function's role. */
  public readonly role: iam.Role;

  private readonly settings: { [name: string]: string };

  constructor(scope: Construct, id: string, props: SmacAuthorizerProps) {
    super(scope, id);
    const found = mistakes(props);
    if (props.alarms && !this.hasMetrics(props)) found.push('alarms: they need the setting METRICS to be EMF');
    if (found.length > 0) throw new Error(`${this.node.path}: ${found.join('; ')}`);

    this.settings = props.settings ?? {};
    this.logGroup = new logs.LogGroup(this, 'Log', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      encryptionKey: props.logEncryptionKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = this.makeRole(props);
    this.authorizerFunction = new lambda.Function(this, 'Function', {
      description: 'Decides about requests to API Gateway.',
      code: props.code,
      runtime: lambda.Runtime.PROVIDED_AL2023,
      handler: 'bootstrap',
      architecture: props.architecture ?? lambda.Architecture.ARM_64,
      layers: props.layers,
      memorySize: props.memorySize ?? 256,
      // Two lookups of 2 s each at most, for one request; API Gateway waits for 10 s.
      timeout: Duration.seconds(10),
      role: this.role,
      logGroup: this.logGroup,
      // No level beside it: it is INFO, and with a higher one Lambda would drop the decisions, whose lines have none.
      loggingFormat: lambda.LoggingFormat.JSON,
      environment: environment(props),
      environmentEncryption: props.environmentEncryption,
      reservedConcurrentExecutions: props.reservedConcurrency,
      // Left out by default: with any other value than DISABLED the CDK lets the role write traces.
      tracing: props.tracing,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    this.alias = new lambda.Alias(this, 'Live', {
      aliasName: 'live',
      version: this.authorizerFunction.currentVersion,
      provisionedConcurrentExecutions: props.provisionedConcurrency,
    });
    if (props.alarms) this.makeAlarms(props.alarms);
    if ((props.dashboard ?? true) && this.hasMetrics(props)) this.makeDashboard();
    if (props.savedQueries ?? true) this.saveQueries();
  }

  /** An authorizer of the kind REQUEST for a REST API. It caches nothing unless you say so. */
  public restAuthorizer(id: string = 'RestAuthorizer', options: RestAuthorizerOptions = {}): apigateway.RequestAuthorizer {
    return new apigateway.RequestAuthorizer(this, id, {
      handler: this.alias,
      authorizerName: options.authorizerName,
      identitySources: options.identitySources ?? [],
      resultsCacheTtl: this.cached(id, options.identitySources, options.resultsCacheTtl),
    });
  }

  /** An authorizer of the kind TOKEN for a REST API: it sees one header, and so is for users alone. */
  public restTokenAuthorizer(id: string = 'RestTokenAuthorizer', options: RestTokenAuthorizerOptions = {}): apigateway.TokenAuthorizer {
    return new apigateway.TokenAuthorizer(this, id, {
      handler: this.alias,
      identitySource: apigateway.IdentitySource.header(options.header ?? 'Authorization'),
      resultsCacheTtl: options.resultsCacheTtl ?? Duration.minutes(5),
    });
  }

  /**
   * An authorizer for an HTTP API. The form of its answers follows the setting HTTP_API_RESPONSE. With simple answers the payload has the
   * format 2.0; with policies the CDK asks with 1.0. The function knows both.
   */
  public httpAuthorizer(id: string = 'HttpAuthorizer', options: HttpAuthorizerOptions = {}): HttpLambdaAuthorizer {
    const isSimple = this.settings.HTTP_API_RESPONSE?.toUpperCase() === 'SIMPLE';
    return new HttpLambdaAuthorizer(id, this.alias, {
      responseTypes: [isSimple ? HttpLambdaResponseType.SIMPLE : HttpLambdaResponseType.IAM],
      identitySource: options.identitySource ?? [],
      resultsCacheTtl: this.cached(id, options.identitySource, options.resultsCacheTtl),
    });
  }

  /** An authorizer for the route $connect of a WebSocket API. */
  public webSocketAuthorizer(id: string = 'WebSocketAuthorizer', options: WebSocketAuthorizerOptions = {}): WebSocketLambdaAuthorizer {
    return new WebSocketLambdaAuthorizer(id, this.alias, { identitySource: options.identitySource ?? [] });
  }

  /**
   * Adds gateway responses to a REST API: pages of the origin can read refusals, and a 403 shows its reason.
   *
   * @param api the API
   * @param allowedOrigin the origin, such as https://app.example.com, or *
   */
  public addGatewayResponses(api: apigateway.RestApi, allowedOrigin: string = '*'): void {
    const origin = { 'Access-Control-Allow-Origin': `'${allowedOrigin}'` };
    // Without the header a page does not even see the status of a refusal.
    api.addGatewayResponse('Default4xx', { type: apigateway.ResponseType.DEFAULT_4XX, responseHeaders: origin });
    api.addGatewayResponse('Default5xx', { type: apigateway.ResponseType.DEFAULT_5XX, responseHeaders: origin });
    api.addGatewayResponse('Unauthorized', {
      type: apigateway.ResponseType.UNAUTHORIZED,
      statusCode: '401',
      responseHeaders: { ...origin, 'WWW-Authenticate': "'Bearer'" },
    });
    api.addGatewayResponse('Denied', {
      type: apigateway.ResponseType.ACCESS_DENIED,
      statusCode: '403',
      responseHeaders: origin,
      // messageString comes quoted and escaped; the reason is a code that needs no escaping.
      templates: { 'application/json': '{"message": $context.error.messageString, "reason": "$context.authorizer.reason"}' },
    });
  }

  /**
   * Allows APIs of another account or region to call it.
   *
   * @param id the permission's name
   * @param arn arn:aws:execute-api:REGION:ACCOUNT:API; the API * is all of that account
   */
  public allowApi(id: string, arn: string): void {
    this.alias.addPermission(id, { principal: new iam.ServicePrincipal('apigateway.amazonaws.com'), sourceArn: `${arn}/authorizers/*` });
  }

  /**
   * Allows roles of an organization to call it, for authorizers with credentials: API Gateway itself belongs to no organization.
   *
   * @param organizationId such as o-a1b2c3d4e5
   */
  public allowOrganization(organizationId: string): void {
    this.alias.addPermission('Organization', { principal: new iam.OrganizationPrincipal(organizationId) });
  }

  private hasMetrics(props: SettingsProps): boolean {
    return (props.settings?.METRICS ?? 'EMF').toUpperCase() === 'EMF';
  }

  private cached(id: string, sources?: string[], ttl?: Duration): Duration {
    if (ttl && ttl.toSeconds() > 0 && !sources?.length) throw new Error(`${this.node.path}/${id}: cached answers need identity sources, which are the key`);
    return ttl ?? Duration.seconds(0);
  }

  // Its own log group and the services' secrets, and nothing else. GetUser needs no permission: it is an unsigned call with the user's
  // own token.
  private makeRole(props: SmacAuthorizerProps): iam.Role {
    const stack = Stack.of(this);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      permissionsBoundary: props.permissionsBoundary,
    });
    const allow = (sid: string, actions: string[], resources: string[], more: iam.PolicyStatementProps = {}) =>
      role.addToPolicy(new iam.PolicyStatement({ sid, actions, resources, ...more }));
    allow('WriteOwnLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]);
    if (props.services) {
      const region = props.services.secretsRegion ?? stack.region;
      const secrets = { service: 'secretsmanager', region, resource: 'secret', resourceName: `${props.services.secretsPrefix}/*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME };
      allow('ReadServicesSecrets', ['secretsmanager:GetSecretValue'], [stack.formatArn(secrets)]);
      if (props.services.encryptionKey) {
        allow('DecryptServicesSecrets', ['kms:Decrypt'], [props.services.encryptionKey.keyArn], {
          conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.${stack.urlSuffix}` } },
        });
      }
    }
    if (props.vpc) {
      // Lambda's to use, when it attaches the function: these know no resources, or none that exists before.
      // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
      const actions = ['CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DescribeSubnets', 'DeleteNetworkInterface', 'AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'];
      allow('AttachToVpc', actions.map((action) => `ec2:${action}`), ['*']);
      // And not the code's: a call of the function itself carries its ARN.
      allow('NoNetworkInterfacesForTheCode', ['ec2:*'], ['*'], {
        effect: iam.Effect.DENY,
        conditions: { ArnLike: { 'lambda:SourceFunctionArn': stack.formatArn({ service: 'lambda', resource: 'function', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME }) } },
      });
    }
    return role;
  }

  // Alarms, dashboard and queries are those of the SAM template: the files under observe/ are made from it.
  private observe(file: string, values: { [name: string]: string } = {}): string {
    const text = fs.readFileSync(path.join(__dirname, '..', 'observe', file), 'utf8');
    const all: { [name: string]: string } = { function: this.authorizerFunction.functionName, log_group: this.logGroup.logGroupName, region: Stack.of(this).region, ...values };
    return text.replace(/\$\{(\w+)\}/g, (_, name) => all[name]);
  }

  private makeAlarms(props: AlarmsProps): void {
    const namespace = `Smac${this.node.addr.slice(0, 12)}`;
    const silence = props.silenceMinutes ?? 60;
    const text = this.observe('alarms.json', { namespace, unauthorized_percent: String(props.unauthorizedPercent ?? 50), silence_minutes: String(silence) });
    const topics = props.topic && [props.topic.topicArn];
    new logs.MetricFilter(this, 'ErrorLines', {
      logGroup: this.logGroup,
      filterPattern: logs.FilterPattern.stringValue('$.level', '=', 'ERROR'),
      metricNamespace: namespace,
      metricName: 'ErrorLines',
      metricValue: '1',
      unit: cloudwatch.Unit.COUNT,
    });
    for (const [name, { EvaluationPeriods, Threshold, ...alarm }] of Object.entries<{ [key: string]: any }>(JSON.parse(text))) {
      if (name === 'SilenceAlarm' && silence === 0) continue;
      const lowered = lower(alarm) as Omit<cloudwatch.CfnAlarmProps, 'evaluationPeriods'>;
      new cloudwatch.CfnAlarm(this, name, { ...lowered, evaluationPeriods: Number(EvaluationPeriods), threshold: Number(Threshold), alarmActions: topics, okActions: topics });
    }
  }

  private makeDashboard(): void {
    new cloudwatch.CfnDashboard(this, 'Dashboard', { dashboardBody: this.observe('dashboard.json') });
  }

  private saveQueries(): void {
    for (const [name, query] of Object.entries<string>(JSON.parse(this.observe('queries.json')))) {
      new logs.CfnQueryDefinition(this, name.replace(/[^A-Za-z]/g, ''), { name: `${this.node.path}/${name}`, logGroupNames: [this.logGroup.logGroupName], queryString: query });
    }
  }
}

/** CloudFormation's names as the CDK has them: AlarmName becomes alarmName. */
function lower(value: any): any {
  if (Array.isArray(value)) return value.map(lower);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name[0].toLowerCase() + name.slice(1), lower(inner)]));
}
