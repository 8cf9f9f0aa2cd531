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
  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "SMAC__AUTH__")])
    error_message = "Each name must begin with SMAC__AUTH__."
  }
}

variable "secrets_prefix" {
  description = "What the names of the services' secrets begin with, without the last slash; blank for no services."
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^([A-Za-z0-9/_+=.@-]*[A-Za-z0-9_+=.@-])?$", var.secrets_prefix))
    error_message = "Must be what a secret's name may hold, and not end with a slash."
  }
}

variable "secrets_kms_key_arn" {
  description = "The KMS key of the secrets, if they have one of their own; blank for AWS's."
  type        = string
  default     = ""
}

variable "api_ids" {
  description = "The ids of the APIs that may call the authorizer, each under a name of your choice; the id * is all APIs of this account and region."
  type        = map(string)
  validation {
    condition     = alltrue([for name in keys(var.api_ids) : can(regex("^[A-Za-z0-9_-]{1,80}$", name))])
    error_message = "Names must be of letters, digits, - and _."
  }
}

variable "memory_size" {
  description = "The function's memory in MB; its share of a processor goes with it."
  type        = number
  default     = 256
}

variable "publish" {
  description = "Whether APIs call the alias `live`, at the version that was published last."
  type        = bool
  default     = false
}

variable "reserved_concurrency" {
  description = "How many requests are decided at once at the most; -1 for no such bound."
  type        = number
  default     = -1
}

variable "provisioned_concurrency" {
  description = "How many instances are kept ready; 0 for none. It needs `publish`."
  type        = number
  default     = 0
}

variable "log_retention_days" {
  description = "How long the log is kept."
  type        = number
  default     = 30
}
