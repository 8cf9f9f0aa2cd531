variable "api_id" {
  description = "The id of the WebSocket API. It must be among the authorizer's `api_ids` or `api_arns`."
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

variable "identity_sources" {
  description = "What a connection must have, such as `route.request.querystring.token`: others are a 401 that never reaches the function. Empty where clients differ in theirs."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "credentials_arn" {
  description = "A role of the API's account that invokes the function, for a function of another account of the organization. null where the function's policy allows API Gateway."
  type        = string
  default     = null
}
