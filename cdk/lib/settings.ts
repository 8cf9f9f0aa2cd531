import { Duration, Token } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';

/** A Cognito user pool whose tokens are accepted. */
export interface PoolProps {
  /** The id of the pool, such as eu-west-1_Example. */
  readonly userPoolId: string;
  /** The app clients whose tokens are accepted. */
  readonly appClientIds: string[];
  /**
   * The pool's region.
   * @default the region in the pool's id
   */
  readonly region?: string;
  /**
   * Where userInfo is asked for what access tokens lack: a URL, a host or the prefix of a Cognito domain.
   * @default userInfo is not asked
   */
  readonly domain?: string;
  /**
   * ORIGINAL, UPDATED and URLs.
   * @default ORIGINAL
   */
  readonly issuers?: string[];
  /**
   * The key set as JSON, or its path in the package.
   * @default the keys are fetched
   */
  readonly jwks?: string;
  /**
   * Resources of which an access token's `aud` must hold one.
   * @default any
   */
  readonly resourceAudience?: string[];
}

/** What decides whether a token of an issuer is a user's or a service's. */
export enum IssuerPrincipalType {
  /** Users, and machines where they are allowed. */
  USER = 'USER',
  /** Each token is a service's, as those of GitHub Actions and Kubernetes are. */
  SERVICE = 'SERVICE',
}

/** Which `typ` a token must have. */
export enum TokenType {
  /** None, JWT or at+jwt. */
  ANY = 'ANY',
  /** Access tokens as RFC 9068 has them: at+jwt. */
  AT_JWT = 'AT_JWT',
}

/** Another OIDC issuer whose tokens are accepted: the settings of `PROVIDER_OIDC__ISSUERS__<NAME>__`. */
export interface IssuerProps {
  /** The issuer, exactly as its tokens have it in `iss`. */
  readonly issuer: string;
  /** Of these a token's `aud` must hold one. */
  readonly audience: string[];
  /**
   * The signature algorithms.
   * @default RS256
   */
  readonly algorithms?: string[];
  /**
   * Where the keys are.
   * @default from the discovery document
   */
  readonly jwksUri?: string;
  /**
   * The key set as JSON, or its path in the package.
   * @default the keys are fetched
   */
  readonly jwks?: string;
  /**
   * Where the discovery document is.
   * @default behind the issuer
   */
  readonly discoveryUrl?: string;
  /**
   * The clients whose tokens are accepted.
   * @default all of the audience
   */
  readonly clientId?: string[];
  /**
   * Which `typ` a token must have.
   * @default TokenType.ANY
   */
  readonly tokenType?: TokenType;
  /**
   * The claims or JSON pointers that can be the user id.
   * @default sub
   */
  readonly userId?: string[];
  /**
   * What is put before the user id.
   * @default nothing
   */
  readonly userIdPrefix?: string;
  /**
   * The claim or JSON pointer with the scopes.
   * @default scope, then scp
   */
  readonly scopeClaim?: string;
  /**
   * The claim or JSON pointer with the groups.
   * @default groups
   */
  readonly groupsClaim?: string;
  /**
   * Scopes of which a token must have one.
   * @default none is required
   */
  readonly requiredScopes?: string[];
  /**
   * Groups of which a user must be in one.
   * @default none is required
   */
  readonly requiredGroups?: string[];
  /**
   * Claims or JSON pointers, each with the value, or the list of values, that it must have.
   * @default none is required
   */
  readonly requiredClaims?: { [claim: string]: any };
  /**
   * Whether the tokens are users' or services'.
   * @default IssuerPrincipalType.USER
   */
  readonly principalType?: IssuerPrincipalType;
  /**
   * Whether tokens of the client-credentials grant are accepted, as services.
   * @default false
   */
  readonly allowMachineTokens?: boolean;
  /**
   * Whether userInfo is asked for what access tokens lack.
   * @default false
   */
  readonly userInfo?: boolean;
}

/** Service principals: where their secrets are in Secrets Manager. The role gets the permission to read them. */
export interface ServicesProps {
  /** What the secrets' names begin with, without the last slash. */
  readonly secretsPrefix: string;
  /**
   * The region of the secrets.
   * @default the function's
   */
  readonly secretsRegion?: string;
  /**
   * The key of the secrets, if they have one of their own.
   * @default AWS's
   */
  readonly encryptionKey?: kms.IKey;
  /**
   * The header with a service's id.
   * @default SMAC-Principal
   */
  readonly idHeader?: string;
  /**
   * The header with a service's token.
   * @default SMAC-Token
   */
  readonly tokenHeader?: string;
  /**
   * How long a service's previous token works after a rotation.
   * @default not at all
   */
  readonly rotationGrace?: Duration;
}

/** Whether rules decide. */
export enum RulesMode {
  /** They do. */
  ENFORCE = 'ENFORCE',
  /** What they would decide is logged, and nothing is refused. */
  LOG = 'LOG',
}

/** Cedar rules: who may call which route. Paths are relative to the package, or below /opt, where layers are. */
export interface RulesProps {
  /** A file, or a directory of `*.cedar` files. */
  readonly policies: string;
  /**
   * A file with the routes: an OpenAPI document or a Cedar schema.
   * @default none, which needs the setting POLICY__SCOPE to be METHOD
   */
  readonly routes?: string;
  /**
   * The namespace of entity types and actions.
   * @default the schema's only one, else none
   */
  readonly namespace?: string;
  /**
   * Whether they decide.
   * @default RulesMode.ENFORCE
   */
  readonly mode?: RulesMode;
}

/** Whom the authorizer allows, and how: what becomes the function's environment. */
export interface SettingsProps {
  /**
   * The user pools, each under its name in the log. One is `primary`.
   * @default none
   */
  readonly pools?: { [name: string]: PoolProps };
  /**
   * Other OIDC issuers, each under its name in the log.
   * @default none
   */
  readonly issuers?: { [name: string]: IssuerProps };
  /**
   * Service principals.
   * @default none
   */
  readonly services?: ServicesProps;
  /**
   * Access rules.
   * @default none
   */
  readonly rules?: RulesProps;
  /**
   * All other settings, by the names in docs/configuration.md, without SMAC__AUTH__.
   * @default their defaults
   */
  readonly settings?: { [name: string]: string };
  /**
   * A JSON file with further settings, for what the 4 KB of the environment do not hold. What is given here wins. PROVIDER must then be
   * in the file, or among `settings`.
   * @default none
   */
  readonly settingsFile?: string;
}

const NAME = /^[A-Za-z0-9]+(_[A-Za-z0-9]+)*$/;
const POOL_ID = /^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}_[0-9A-Za-z]{1,32}$/;
const SECRETS_PREFIX = /^[A-Za-z0-9/_+=.@-]*[A-Za-z0-9_+=.@-]$/;
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];
/** What has a property of its own, with that property. */
const RESERVED: [string, string][] = [
  ['PROVIDER_COGNITO__USERPOOLS__', 'pools'],
  ['PROVIDER_OIDC__ISSUERS__', 'issuers'],
  // Any of these switches services on, and the role needs the permission to read their secrets.
  ['AUTOMATION_PRINCIPALS__', 'services'],
  ['RULES__', 'rules'],
  ['SETTINGS_FILE', 'settingsFile'],
];

/** What a known string must look like; what is known only at the deploy can't be looked at. */
const fits = (value: string, pattern: RegExp) => Token.isUnresolved(value) || pattern.test(value);

/**
 * What is wrong with the settings, each in a sentence.
 * @internal
 */
export function mistakes(props: SettingsProps): string[] {
  const found: string[] = [];
  const must = (holds: boolean, problem: string) => {
    if (!holds) found.push(problem);
  };
  const pools = Object.entries(props.pools ?? {});
  const issuers = Object.entries(props.issuers ?? {});
  const settings = props.settings ?? {};

  for (const [kind, names] of [['pools', pools.map(([name]) => name)], ['issuers', issuers.map(([name]) => name)]] as const) {
    for (const name of names) must(NAME.test(name), `${kind}: the name ${name} must be of letters, digits and single _`);
    must(new Set(names.map((name) => name.toUpperCase())).size === names.length, `${kind}: two names must not differ in case alone`);
  }
  must(pools.length === 0 || pools.some(([name]) => name.toUpperCase() === 'PRIMARY'), 'pools: one must be named primary');
  for (const [name, pool] of pools) {
    must(fits(pool.userPoolId, POOL_ID), `pools: ${name}: userPoolId must be the id of a user pool, such as eu-west-1_Example`);
    must(pool.appClientIds.length > 0, `pools: ${name}: needs at least one app client`);
  }
  must(new Set(issuers.map(([, issuer]) => issuer.issuer)).size === issuers.length, 'issuers: two must not have the same issuer');
  for (const [name, issuer] of issuers) {
    must(fits(issuer.issuer, /^https:\/\/[^?#\s]+$/), `issuers: ${name}: issuer must be an https URL without a query and a fragment, exactly as tokens have it`);
    must(issuer.audience.length > 0, `issuers: ${name}: needs an audience: else its tokens for any other API would be accepted`);
    for (const algorithm of issuer.algorithms ?? []) must(ALGORITHMS.includes(algorithm), `issuers: ${name}: ${algorithm} is none of ${ALGORITHMS.join(', ')}`);
  }
  if (props.services) {
    const { secretsPrefix, idHeader = 'SMAC-Principal', tokenHeader = 'SMAC-Token' } = props.services;
    // Without a prefix the role would have to read all secrets of the account.
    must(fits(secretsPrefix, SECRETS_PREFIX), "services: secretsPrefix must be what a secret's name may hold, not be empty, and not end with a slash");
    must(idHeader.toLowerCase() !== tokenHeader.toLowerCase(), 'services: idHeader and tokenHeader must be two headers');
  }
  must(
    !props.rules || props.rules.routes !== undefined || settings.POLICY__SCOPE?.toUpperCase() === 'METHOD',
    'rules: routes must be given, unless the setting POLICY__SCOPE is METHOD: a policy for a stage needs all routes',
  );
  for (const name of Object.keys(settings)) {
    must(/^[A-Z][A-Z0-9_]*$/.test(name) && !name.startsWith('SMAC__AUTH__'), `settings: the name ${name} must be in upper case and without SMAC__AUTH__`);
    for (const [prefix, property] of RESERVED) must(!name.startsWith(prefix), `settings: ${name} must be given as ${property}`);
  }
  must(!('PROVIDER' in settings) || props.settingsFile !== undefined, 'settings: PROVIDER follows from pools and issuers; only with settingsFile it may be given here');
  must(
    pools.length + issuers.length > 0 || props.services !== undefined || props.settingsFile !== undefined || settings.MODE?.toUpperCase() === 'OPTIONAL',
    'nobody would be allowed: pools, issuers, services or settingsFile must be given, or the setting MODE OPTIONAL',
  );
  const bytes = Buffer.byteLength(JSON.stringify(environment(props)));
  must(bytes <= 4096, `the settings take ${bytes} bytes, and Lambda's environment holds 4096: move issuers or key sets into a file (settingsFile)`);
  return found;
}

/**
 * The function's environment. Lists are JSON, so that an entry may hold a comma.
 * @internal
 */
export function environment(props: SettingsProps): { [name: string]: string } {
  const list = (values?: string[]) => values && JSON.stringify(values);
  const word = (value?: boolean) => value?.toString();
  const all: { [name: string]: string | undefined } = {};
  const put = (prefix: string, given: { [name: string]: string | undefined }) => {
    for (const [name, value] of Object.entries(given)) all[`${prefix}${name}`] = value;
  };

  const providers = [...(props.pools && Object.keys(props.pools).length ? ['COGNITO'] : []), ...(props.issuers && Object.keys(props.issuers).length ? ['OIDC'] : [])];
  // With a file the issuers may be there, so the file says which providers there are.
  if (props.settingsFile === undefined) put('', { PROVIDER: providers.join(',') || 'NONE' });
  else put('', { SETTINGS_FILE: props.settingsFile });
  for (const [name, pool] of Object.entries(props.pools ?? {})) {
    put(`PROVIDER_COGNITO__USERPOOLS__${name.toUpperCase()}__`, {
      USERPOOL_ID: pool.userPoolId,
      APP_CLIENT_ID: list(pool.appClientIds),
      REGION: pool.region,
      DOMAIN: pool.domain,
      ISSUERS: list(pool.issuers),
      JWKS: pool.jwks,
      RESOURCE_AUDIENCE: list(pool.resourceAudience),
    });
  }
  for (const [name, issuer] of Object.entries(props.issuers ?? {})) {
    put(`PROVIDER_OIDC__ISSUERS__${name.toUpperCase()}__`, {
      ISSUER: issuer.issuer,
      AUDIENCE: list(issuer.audience),
      ALGORITHMS: list(issuer.algorithms),
      JWKS_URI: issuer.jwksUri,
      JWKS: issuer.jwks,
      DISCOVERY_URL: issuer.discoveryUrl,
      CLIENT_ID: list(issuer.clientId),
      TOKEN_TYPE: issuer.tokenType,
      USER_ID: list(issuer.userId),
      USER_ID_PREFIX: issuer.userIdPrefix,
      SCOPE_CLAIM: issuer.scopeClaim,
      GROUPS_CLAIM: issuer.groupsClaim,
      REQUIRED_SCOPES: list(issuer.requiredScopes),
      REQUIRED_GROUPS: list(issuer.requiredGroups),
      REQUIRED_CLAIMS: issuer.requiredClaims && JSON.stringify(issuer.requiredClaims),
      PRINCIPAL_TYPE: issuer.principalType,
      ALLOW_MACHINE_TOKENS: word(issuer.allowMachineTokens),
      USER_INFO: word(issuer.userInfo),
    });
  }
  put('AUTOMATION_PRINCIPALS__', {
    SECRETS_MANAGER__COMMON_PREFIX: props.services?.secretsPrefix,
    SECRETS_MANAGER__REGION: props.services?.secretsRegion,
    ID_HEADER_NAME: props.services?.idHeader,
    TOKEN_HEADER_NAME: props.services?.tokenHeader,
    ROTATION_GRACE_SECONDS: props.services?.rotationGrace?.toSeconds().toString(),
  });
  put('RULES__', { POLICIES: props.rules?.policies, ROUTES: props.rules?.routes, NAMESPACE: props.rules?.namespace, MODE: props.rules?.mode });
  put('', props.settings ?? {});
  return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[`SMAC__AUTH__${name}`, value]])));
}
