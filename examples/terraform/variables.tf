variable "name" {
  description = "The function's name."
  type        = string
  default     = "smac-authorizer"
}

variable "zip_path" {
  description = "The archive with the function, as `cargo lambda build --release --output-format zip` makes it."
  type        = string
}

variable "architecture" {
  description = "The processor that the archive was built for."
  type        = string
  default     = "x86_64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Must be x86_64 or arm64."
  }
}

variable "settings" {
  description = "The function's settings, by the names of their environment variables. docs/configuration.md lists them."
  type        = map(string)
  # In upper case, so that no other spelling gets past the checks below.
  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^SMAC__AUTH__[A-Z0-9_]+$", name))])
    error_message = "Each name must begin with SMAC__AUTH__ and be in upper case."
  }
  # The role allows to read the secrets of `secrets_prefix` in `secrets_region`, and no others.
  validation {
    condition     = alltrue([for name in keys(var.settings) : !startswith(name, "SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__")])
    error_message = "Where the secrets are must be given as secrets_prefix and secrets_region, which also give the role its permission."
  }
  # Any of these switches services on.
  validation {
    condition     = var.secrets_prefix != "" || alltrue([for name, value in var.settings : !startswith(name, "SMAC__AUTH__AUTOMATION_PRINCIPALS__") || trimspace(value) == ""])
    error_message = "Settings of services (AUTOMATION_PRINCIPALS) need secrets_prefix: without it the role may read no secret."
  }
}

variable "secrets_prefix" {
  description = "What the names of the services' secrets begin with, without the last slash. Empty for no services."
  type        = string
  default     = ""
  nullable    = false
  validation {
    condition     = can(regex("^([A-Za-z0-9/_+=.@-]*[A-Za-z0-9_+=.@-])?$", var.secrets_prefix))
    error_message = "Must be what a secret's name may hold, and not end with a slash."
  }
}

variable "secrets_region" {
  description = "The region of the secrets. Empty for the function's."
  type        = string
  default     = ""
  nullable    = false
  validation {
    condition     = can(regex("^([a-z]{2,4}(-[a-z]+)+-[0-9]{1,2})?$", var.secrets_region))
    error_message = "Must be the name of a region, or empty."
  }
  validation {
    condition     = var.secrets_region == "" || var.secrets_prefix != ""
    error_message = "Without secrets_prefix there are no services, and so no secrets."
  }
}

variable "secrets_kms_key_arn" {
  description = "The KMS key of the secrets, if they have one of their own. Empty for AWS's."
  type        = string
  default     = ""
  nullable    = false
  validation {
    condition     = var.secrets_kms_key_arn == "" || var.secrets_prefix != ""
    error_message = "Without secrets_prefix there are no services, and so no secrets."
  }
}

variable "api_ids" {
  description = "The ids of the APIs that may call the authorizer, each under a name of your choice. The id * is all APIs of this account and region."
  type        = map(string)
  validation {
    condition     = alltrue([for name in keys(var.api_ids) : can(regex("^[A-Za-z0-9_-]{1,80}$", name))])
    error_message = "Names must be of letters, digits, - and _."
  }
}

variable "memory_size" {
  description = "The function's memory in MB. Its share of a processor grows with it."
  type        = number
  default     = 256
}

variable "publish" {
  description = "Whether APIs call the alias `live`, at the version that was published last."
  type        = bool
  default     = false
}

variable "reserved_concurrency" {
  description = "How many requests are decided at once at most. -1 for no such bound."
  type        = number
  default     = -1
}

variable "provisioned_concurrency" {
  description = "How many instances are kept ready. 0 for none. It needs `publish`."
  type        = number
  default     = 0
  validation {
    condition     = var.provisioned_concurrency == 0 || var.publish
    error_message = "Lambda keeps only versions ready, so it needs publish."
  }
}

variable "log_retention_days" {
  description = "How long the log is kept."
  type        = number
  default     = 30
}
