variable "api_id" {
  description = "The id of the HTTP API. It must be among the authorizer's `api_ids` or `api_arns`."
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

variable "simple_responses" {
  description = "Whether answers are simple ones. The function's setting `HTTP_API_RESPONSE` must be `SIMPLE` then, and `IAM` otherwise."
  type        = bool
  default     = false
  nullable    = false
}

variable "identity_sources" {
  description = "What a request must have, and what answers are cached by: see docs/attach.md, \"API Gateway's cache\". Users and services with one authorizer have none in common."
  type        = list(string)
  default     = []
  nullable    = false
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
