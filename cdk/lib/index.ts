export * from './authorizer';
export { IssuerPrincipalType, IssuerProps, PoolProps, RulesMode, RulesProps, ServicesProps, SettingsProps, TokenType } from './settings';
