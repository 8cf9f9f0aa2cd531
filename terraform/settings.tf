# The function's environment: the variables of the module as the settings that they are. Nothing here needs a provider.

locals {
  # Lists as JSON, so that an entry may hold a comma. What is null is left out: Lambda's environment has 4 KB in all.
  pool_settings = merge([for name, pool in var.user_pools : {
    for setting, value in {
      USERPOOL_ID       = pool.user_pool_id
      APP_CLIENT_ID     = jsonencode(pool.app_client_ids)
      REGION            = pool.region
      DOMAIN            = pool.domain
      ISSUERS           = pool.issuers == null ? null : jsonencode(pool.issuers)
      JWKS              = pool.jwks
      RESOURCE_AUDIENCE = pool.resource_audience == null ? null : jsonencode(pool.resource_audience)
    } : "PROVIDER_COGNITO__USERPOOLS__${upper(name)}__${setting}" => value if value != null
  }]...)

  issuer_settings = merge([for name, issuer in var.issuers : {
    for setting, value in {
      ISSUER               = issuer.issuer
      AUDIENCE             = jsonencode(issuer.audience)
      ALGORITHMS           = issuer.algorithms == null ? null : jsonencode(issuer.algorithms)
      JWKS_URI             = issuer.jwks_uri
      JWKS                 = issuer.jwks
      DISCOVERY_URL        = issuer.discovery_url
      CLIENT_ID            = issuer.client_id == null ? null : jsonencode(issuer.client_id)
      TOKEN_TYPE           = issuer.token_type
      USER_ID              = issuer.user_id == null ? null : jsonencode(issuer.user_id)
      USER_ID_PREFIX       = issuer.user_id_prefix
      SCOPE_CLAIM          = issuer.scope_claim
      GROUPS_CLAIM         = issuer.groups_claim
      REQUIRED_SCOPES      = issuer.required_scopes == null ? null : jsonencode(issuer.required_scopes)
      REQUIRED_GROUPS      = issuer.required_groups == null ? null : jsonencode(issuer.required_groups)
      REQUIRED_CLAIMS      = issuer.required_claims
      PRINCIPAL_TYPE       = issuer.principal_type
      ALLOW_MACHINE_TOKENS = issuer.allow_machine_tokens == null ? null : tostring(issuer.allow_machine_tokens)
      USER_INFO            = issuer.user_info == null ? null : tostring(issuer.user_info)
    } : "PROVIDER_OIDC__ISSUERS__${upper(name)}__${setting}" => value if value != null
  }]...)

  # The same prefix and region as in the role. The region's name alone needs the provider, so it is left out where it is the function's.
  service_settings = var.services == null ? {} : {
    for setting, value in {
      SECRETS_MANAGER__COMMON_PREFIX = var.services.secrets_prefix
      SECRETS_MANAGER__REGION        = var.services.secrets_region
      ID_HEADER_NAME                 = var.services.id_header
      TOKEN_HEADER_NAME              = var.services.token_header
      ROTATION_GRACE_SECONDS         = var.services.rotation_grace_seconds == null ? null : tostring(var.services.rotation_grace_seconds)
    } : "AUTOMATION_PRINCIPALS__${setting}" => value if value != null
  }

  rule_settings = var.rules == null ? {} : {
    for setting, value in {
      POLICIES  = var.rules.policies
      ROUTES    = var.rules.routes
      NAMESPACE = var.rules.namespace
      MODE      = var.rules.mode
    } : "RULES__${setting}" => value if value != null
  }

  providers = compact([length(var.user_pools) > 0 ? "COGNITO" : "", length(var.issuers) > 0 ? "OIDC" : ""])

  environment = tomap({ for name, value in merge(
    # With a file the issuers may be there, so the file says which providers there are.
    var.settings_file == null ? { PROVIDER = length(local.providers) == 0 ? "NONE" : join(",", local.providers) } : { SETTINGS_FILE = var.settings_file },
    local.pool_settings,
    local.issuer_settings,
    local.service_settings,
    local.rule_settings,
    var.settings,
  ) : "SMAC__AUTH__${name}" => value })

  # AWS does not document how it counts: this is the length of the variables as JSON, a little more than names and values.
  environment_bytes = length(jsonencode(local.environment))
}

output "environment" {
  description = "The function's environment: its settings by the names that `cargo local check` and docs/configuration.md know. It holds no secret."
  value       = local.environment

  precondition {
    condition     = length(var.user_pools) + length(var.issuers) > 0 || var.services != null || var.settings_file != null || upper(lookup(var.settings, "MODE", "ENFORCE")) == "OPTIONAL"
    error_message = "Nobody would be allowed: user_pools, issuers, services or settings_file must be given, or MODE = \"OPTIONAL\" among the settings."
  }
  precondition {
    condition     = local.environment_bytes <= 4096
    error_message = "The settings take ${local.environment_bytes} bytes, and Lambda's environment holds 4096. Move issuers or key sets into a file (settings_file)."
  }
}
