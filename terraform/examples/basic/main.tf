# One user pool in front of a REST API that is there.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.32"
    }
  }
}

variable "zip_path" {
  description = "The zip for arm64."
  type        = string
}

variable "user_pool_id" {
  description = "The id of the user pool."
  type        = string
}

variable "app_client_ids" {
  description = "The pool's app clients whose tokens are accepted."
  type        = list(string)
}

variable "rest_api_id" {
  description = "The id of the REST API."
  type        = string
}

module "authorizer" {
  source     = "../.."
  package    = { file = var.zip_path }
  user_pools = { primary = { user_pool_id = var.user_pool_id, app_client_ids = var.app_client_ids } }
  api_ids    = { rest = var.rest_api_id }
}

module "rest" {
  source         = "../../modules/rest"
  rest_api_id    = var.rest_api_id
  authorizer_uri = module.authorizer.authorizer_uri
}

output "authorizer_id" {
  description = "For the API's methods, beside `authorization = \"CUSTOM\"`."
  value       = module.rest.authorizer_id
}
