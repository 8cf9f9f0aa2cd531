variable "rest_api_id" {
  description = "The id of the REST API. It must be among the authorizer's `api_ids` or `api_arns`."
  type        = string
}

variable "authorizer_uri" {
  description = "The output `authorizer_uri` of the authorizer."
  type        = string
}

variable "name" {
  description = "The authorizer's name in the API."
  type        = string
  default     = "smac"
  nullable    = false
}

variable "type" {
  description = "`REQUEST` for users and services; `TOKEN` sees one header, and so is for users alone."
  type        = string
  default     = "REQUEST"
  nullable    = false
  validation {
    condition     = contains(["REQUEST", "TOKEN"], var.type)
    error_message = "Must be REQUEST or TOKEN."
  }
}

variable "identity_sources" {
  description = "What a request must have, and what answers are cached by: see docs/attach.md, \"API Gateway's cache\". Users and services with one authorizer have none in common."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = var.type == "REQUEST" || length(var.identity_sources) == 1
    error_message = "TOKEN needs the header with the token as its one source: method.request.header.Authorization."
  }
}

variable "ttl_seconds" {
  description = "How long API Gateway caches an answer. 0 for never."
  type        = number
  default     = 0
  nullable    = false
  validation {
    condition     = var.ttl_seconds >= 0 && var.ttl_seconds <= 3600
    error_message = "Must be from 0 to 3600."
  }
  validation {
    condition     = var.ttl_seconds == 0 || length(var.identity_sources) > 0
    error_message = "Cached answers need identity_sources, which are the key."
  }
}

variable "credentials_arn" {
  description = "A role of the API's account that invokes the function, for a function of another account of the organization. null where the function's policy allows API Gateway."
  type        = string
  default     = null
}

variable "gateway_responses" {
  description = "Whether refusals show their reason and can be read by pages of `allowed_origin`. They hold for the whole API."
  type        = bool
  default     = true
  nullable    = false
}

variable "allowed_origin" {
  description = "The origin whose pages may read refusals."
  type        = string
  default     = "*"
  nullable    = false
  validation {
    condition     = can(regex("^(\\*|https?://[A-Za-z0-9.:-]+)$", var.allowed_origin))
    error_message = "Must be an origin, such as https://app.example.com, or *."
  }
}
