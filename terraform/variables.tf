variable "name" {
  description = "The function's name. The role, the log group, the alarms and the dashboard are named after it."
  type        = string
  default     = "smac-authorizer"
  nullable    = false
  validation {
    # A role's name has 64 characters at most, and the provider appends 26 to this prefix.
    condition     = can(regex("^[A-Za-z0-9_-]{1,37}$", var.name))
    error_message = "Must be of 1 to 37 letters, digits, - and _."
  }
}

variable "package" {
  description = <<-EOT
    The zip with the function: exactly one of `file`, `s3` and `url`. `url` is downloaded with curl where Terraform runs, and needs
    `sha256` (as `sha256sum` prints it), which is checked. With `s3`, give `sha256` too: else new code under the same key is not seen.
  EOT
  type = object({
    file   = optional(string)
    url    = optional(string)
    sha256 = optional(string)
    s3 = optional(object({
      bucket  = string
      key     = string
      version = optional(string)
    }))
  })
  nullable = false
  validation {
    condition     = length([for source in [var.package.file, var.package.s3, var.package.url] : source if source != null]) == 1
    error_message = "Exactly one of file, s3 and url must be given."
  }
  validation {
    condition     = var.package.sha256 == null || can(regex("^[0-9a-f]{64}$", var.package.sha256))
    error_message = "sha256 must be of 64 hexadecimal digits in lower case, as sha256sum prints it."
  }
  validation {
    condition     = var.package.url == null || (can(regex("^https://[A-Za-z0-9._~:/?#@!$&()*+,;=%-]+$", var.package.url)) && var.package.sha256 != null)
    error_message = "url must be an https URL, and needs sha256, so that what is deployed is what was checked."
  }
}

variable "architecture" {
  description = "The processor that the zip was built for. arm64 costs a fifth less."
  type        = string
  default     = "arm64"
  nullable    = false
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Must be x86_64 or arm64."
  }
}

variable "user_pools" {
  description = <<-EOT
    The Cognito user pools whose tokens are accepted, each under its name in the log. One is `primary`. `issuers` is a list of
    `ORIGINAL`, `UPDATED` and URLs, `jwks` the pool's key set as JSON or a path in the package.
  EOT
  type = map(object({
    user_pool_id      = string
    app_client_ids    = list(string)
    region            = optional(string)
    domain            = optional(string)
    issuers           = optional(list(string))
    jwks              = optional(string)
    resource_audience = optional(list(string))
  }))
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for name in keys(var.user_pools) : can(regex("^[A-Za-z0-9]+(_[A-Za-z0-9]+)*$", name))])
    error_message = "Names must be of letters, digits and single _."
  }
  validation {
    condition     = length(distinct([for name in keys(var.user_pools) : upper(name)])) == length(var.user_pools)
    error_message = "Two names must not differ in case alone."
  }
  validation {
    condition     = length(var.user_pools) == 0 || contains([for name in keys(var.user_pools) : upper(name)], "PRIMARY")
    error_message = "One pool must be named primary."
  }
  validation {
    condition     = alltrue([for pool in var.user_pools : can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}_[0-9A-Za-z]{1,32}$", pool.user_pool_id))])
    error_message = "Each user_pool_id must be the id of a user pool, such as eu-west-1_Example."
  }
  validation {
    condition     = alltrue([for pool in var.user_pools : length(pool.app_client_ids) > 0])
    error_message = "Each pool needs at least one app client."
  }
}

variable "issuers" {
  description = <<-EOT
    Other OIDC issuers whose tokens are accepted, each under its name in the log. The fields are the settings of
    `PROVIDER_OIDC__ISSUERS__<NAME>__` in lower case. `required_claims` is JSON: use `jsonencode`.
  EOT
  type = map(object({
    issuer               = string
    audience             = list(string)
    algorithms           = optional(list(string))
    jwks_uri             = optional(string)
    jwks                 = optional(string)
    discovery_url        = optional(string)
    client_id            = optional(list(string))
    token_type           = optional(string)
    user_id              = optional(list(string))
    user_id_prefix       = optional(string)
    scope_claim          = optional(string)
    groups_claim         = optional(string)
    required_scopes      = optional(list(string))
    required_groups      = optional(list(string))
    required_claims      = optional(string)
    principal_type       = optional(string)
    allow_machine_tokens = optional(bool)
    user_info            = optional(bool)
  }))
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for name in keys(var.issuers) : can(regex("^[A-Za-z0-9]+(_[A-Za-z0-9]+)*$", name))])
    error_message = "Names must be of letters, digits and single _."
  }
  validation {
    condition     = length(distinct([for name in keys(var.issuers) : upper(name)])) == length(var.issuers)
    error_message = "Two names must not differ in case alone."
  }
  validation {
    condition     = alltrue([for issuer in var.issuers : can(regex("^https://[^?#\\s]+$", issuer.issuer))])
    error_message = "Each issuer must be an https URL without a query and a fragment, exactly as tokens have it in iss."
  }
  validation {
    condition     = length(distinct([for issuer in var.issuers : issuer.issuer])) == length(var.issuers)
    error_message = "Two entries must not have the same issuer."
  }
  validation {
    condition     = alltrue([for issuer in var.issuers : length(issuer.audience) > 0])
    error_message = "Each issuer needs an audience: else its tokens for any other API would be accepted."
  }
  validation {
    condition = alltrue(flatten([for issuer in var.issuers : [for algorithm in coalesce(issuer.algorithms, []) :
    contains(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"], algorithm)]]))
    error_message = "algorithms must be of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA."
  }
  validation {
    condition     = alltrue([for issuer in var.issuers : contains(["ANY", "AT_JWT"], coalesce(issuer.token_type, "ANY"))])
    error_message = "token_type must be ANY or AT_JWT."
  }
  validation {
    condition     = alltrue([for issuer in var.issuers : contains(["USER", "SERVICE"], coalesce(issuer.principal_type, "USER"))])
    error_message = "principal_type must be USER or SERVICE."
  }
  validation {
    condition     = alltrue([for issuer in var.issuers : issuer.required_claims == null || can(keys(jsondecode(issuer.required_claims)))])
    error_message = "required_claims must be a JSON object: use jsonencode."
  }
}

variable "services" {
  description = <<-EOT
    Service principals: where their secrets are in Secrets Manager, for which the role gets its permission. `secrets_prefix` is what the
    secrets' names begin with, without the last slash. `kms_key_arn` is the secrets' key, if they have one of their own. null for none.
  EOT
  type = object({
    secrets_prefix         = string
    secrets_region         = optional(string)
    kms_key_arn            = optional(string)
    id_header              = optional(string)
    token_header           = optional(string)
    rotation_grace_seconds = optional(number)
  })
  default = null
  validation {
    # Without a prefix the role would have to read all secrets of the account.
    condition     = var.services == null || can(regex("^[A-Za-z0-9/_+=.@-]*[A-Za-z0-9_+=.@-]$", var.services.secrets_prefix))
    error_message = "secrets_prefix must be what a secret's name may hold, not be empty, and not end with a slash."
  }
  validation {
    condition     = try(var.services.secrets_region, null) == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", var.services.secrets_region))
    error_message = "secrets_region must be the name of a region."
  }
  validation {
    condition     = try(var.services.kms_key_arn, null) == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.services.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key."
  }
  validation {
    condition     = var.services == null || lower(try(coalesce(var.services.id_header, "SMAC-Principal"), "")) != lower(try(coalesce(var.services.token_header, "SMAC-Token"), ""))
    error_message = "id_header and token_header must be two headers."
  }
}

variable "rules" {
  description = <<-EOT
    Cedar rules: who may call which route. `policies` and `routes` are paths in the function, relative to the package or below
    `/opt`, where layers are: the sub-module `files` makes such a layer. `mode = "LOG"` evaluates and refuses nothing. null for none.
  EOT
  type = object({
    policies  = string
    routes    = optional(string)
    namespace = optional(string)
    mode      = optional(string)
  })
  default = null
  validation {
    condition     = contains(["ENFORCE", "LOG"], try(coalesce(var.rules.mode, "ENFORCE"), "ENFORCE"))
    error_message = "mode must be ENFORCE or LOG."
  }
  validation {
    condition     = var.rules == null || try(length(var.rules.policies), 0) > 0
    error_message = "policies must be a path."
  }
  validation {
    condition     = var.rules == null || try(var.rules.routes, null) != null || upper(lookup(var.settings, "POLICY__SCOPE", "STAGE")) == "METHOD"
    error_message = "routes must be given, unless the setting POLICY__SCOPE is METHOD: a policy for a stage needs all routes."
  }
}

variable "settings" {
  description = <<-EOT
    All other settings, by the names in docs/configuration.md, without `SMAC__AUTH__`: `{ MODE = "OPTIONAL" }`. What has a variable
    of its own here is refused.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false
  # In upper case, so that no other spelling gets past the checks below.
  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !startswith(name, "SMAC__AUTH__")])
    error_message = "Names must be in upper case and without SMAC__AUTH__."
  }
  validation {
    condition     = alltrue([for name in keys(var.settings) : !startswith(name, "PROVIDER_COGNITO__USERPOOLS__") && !startswith(name, "PROVIDER_OIDC__ISSUERS__")])
    error_message = "User pools and issuers must be given as user_pools and issuers."
  }
  # Any of these switches services on, and the role needs the permission to read their secrets.
  validation {
    condition     = alltrue([for name in keys(var.settings) : !startswith(name, "AUTOMATION_PRINCIPALS__")])
    error_message = "Service principals must be given as services, which also gives the role its permission."
  }
  validation {
    condition     = alltrue([for name in keys(var.settings) : !startswith(name, "RULES__") && name != "SETTINGS_FILE"])
    error_message = "Rules and the settings' file must be given as rules and settings_file."
  }
  validation {
    condition     = !contains(keys(var.settings), "PROVIDER") || var.settings_file != null
    error_message = "PROVIDER follows from user_pools and issuers; only with settings_file it may be given here."
  }
}

variable "settings_file" {
  description = <<-EOT
    A JSON file with further settings, relative to the package or below `/opt`, where layers are: for what the 4 KB of Lambda's
    environment do not hold. What is given here as variables wins. `PROVIDER` must then be in the file, or among `settings`.
  EOT
  type        = string
  default     = null
  validation {
    condition     = var.settings_file == null || can(regex("^[A-Za-z0-9._/-]+$", var.settings_file))
    error_message = "Must be a path of letters, digits, . _ - and /."
  }
}

variable "layers" {
  description = "The ARNs of layers with the files of `rules` and `settings_file`, at most five."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = length(var.layers) <= 5
    error_message = "Lambda allows five layers."
  }
}

variable "api_ids" {
  description = "The ids of the APIs of this account and region that may call the function, each under a name of your choice. The id `*` is all of them."
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for name in keys(var.api_ids) : can(regex("^[A-Za-z0-9_-]{1,80}$", name))])
    error_message = "Names must be of letters, digits, - and _."
  }
}

variable "api_arns" {
  description = "The APIs of other accounts or regions that may call it, as `arn:aws:execute-api:REGION:ACCOUNT:API`, each under a name of your choice. The API `*` is all of that account."
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for arn in values(var.api_arns) : can(regex("^arn:[a-z-]+:execute-api:[a-z0-9-]+:[0-9]{12}:([a-z0-9]+|\\*)$", arn))])
    error_message = "Each must be arn:PARTITION:execute-api:REGION:ACCOUNT:API, where the region and the account are named."
  }
  validation {
    condition     = alltrue([for name in keys(var.api_arns) : can(regex("^[A-Za-z0-9_-]{1,80}$", name))])
    error_message = "Names must be of letters, digits, - and _."
  }
  validation {
    condition     = length(setintersection(keys(var.api_arns), keys(var.api_ids))) == 0
    error_message = "A name must not be in api_ids too."
  }
}

variable "organization_id" {
  description = "The organization whose roles may invoke the function: for authorizers with credentials (docs/across-accounts.md). null for none."
  type        = string
  default     = null
  validation {
    condition     = var.organization_id == null || can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "Must be the id of an organization, such as o-a1b2c3d4e5."
  }
}

variable "memory_size" {
  description = "The function's memory in MB. Its share of a processor grows with it."
  type        = number
  default     = 256
  nullable    = false
  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "Must be a whole number from 128 to 10240."
  }
}

variable "publish" {
  description = "Whether APIs call the alias `live`, at the version that was published last. The versions before are what one rolls back to."
  type        = bool
  default     = true
  nullable    = false
}

variable "reserved_concurrency" {
  description = "How many requests are decided at once at most, reserved from the account's limit. -1 for no such bound."
  type        = number
  default     = -1
  nullable    = false
  validation {
    condition     = var.reserved_concurrency >= -1
    error_message = "Must be -1 or more."
  }
}

variable "provisioned_concurrency" {
  description = "How many instances are kept ready. 0 for none. It needs `publish`."
  type        = number
  default     = 0
  nullable    = false
  validation {
    condition     = var.provisioned_concurrency >= 0
    error_message = "Must be 0 or more."
  }
  validation {
    condition     = var.provisioned_concurrency == 0 || var.publish
    error_message = "Lambda keeps only versions ready, so it needs publish."
  }
}

variable "tracing" {
  description = "`Active` makes Lambda trace calls in X-Ray."
  type        = string
  default     = "PassThrough"
  nullable    = false
  validation {
    condition     = contains(["PassThrough", "Active"], var.tracing)
    error_message = "Must be PassThrough or Active."
  }
}

variable "vpc" {
  description = "The VPC's subnets and the function's security groups there. The subnets need a way to the issuers: a NAT gateway or a proxy. null for no VPC."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
  validation {
    condition     = var.vpc == null || (try(length(var.vpc.subnet_ids), 0) > 0 && try(length(var.vpc.security_group_ids), 0) > 0)
    error_message = "Both subnet_ids and security_group_ids must be given."
  }
}

variable "permissions_boundary_arn" {
  description = "The permissions boundary of the function's role. null for none."
  type        = string
  default     = null
  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+$", var.permissions_boundary_arn))
    error_message = "Must be the ARN of an IAM policy."
  }
}

variable "kms_key_arn" {
  description = "The KMS key of the function's environment. null for AWS's."
  type        = string
  default     = null
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "Must be the ARN of a KMS key."
  }
}

variable "log_kms_key_arn" {
  description = "The KMS key of the log group. Its policy must allow CloudWatch Logs to use it. null for AWS's."
  type        = string
  default     = null
  validation {
    condition     = var.log_kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.log_kms_key_arn))
    error_message = "Must be the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "How long the log is kept."
  type        = number
  default     = 30
  nullable    = false
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Must be one of the numbers of days that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, ..."
  }
}

variable "alarms" {
  description = <<-EOT
    CloudWatch alarms, and the SNS topics that they are sent to. `unauthorized_percent` is the share of unauthorized requests from
    which on there is one. `silence_minutes` is after how many minutes without any decision there is one, 0 for never. null for none.
  EOT
  type = object({
    topic_arns           = optional(list(string), [])
    unauthorized_percent = optional(number, 50)
    silence_minutes      = optional(number, 60)
  })
  default = null
  validation {
    condition     = var.alarms == null || try(var.alarms.unauthorized_percent >= 1 && var.alarms.unauthorized_percent <= 100, false)
    error_message = "unauthorized_percent must be from 1 to 100."
  }
  validation {
    condition     = var.alarms == null || try(var.alarms.silence_minutes >= 0 && var.alarms.silence_minutes <= 1440, false)
    error_message = "silence_minutes must be from 0 to 1440."
  }
  validation {
    condition     = var.alarms == null || upper(lookup(var.settings, "METRICS", "EMF")) == "EMF"
    error_message = "Alarms need the setting METRICS to be EMF."
  }
}

variable "dashboard" {
  description = "Whether there is a CloudWatch dashboard. Without metrics (`METRICS = \"NONE\"`) there is none."
  type        = bool
  default     = true
  nullable    = false
}

variable "saved_queries" {
  description = "Whether the queries of docs/operations.md are saved in the account, in a folder with the function's name."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "The tags of each resource that can have some."
  type        = map(string)
  default     = {}
  nullable    = false
}
