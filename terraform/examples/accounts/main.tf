# One authorizer for the APIs of many accounts: the function lives in a central account, each API in its own.
# docs/across-accounts.md has the other way, one authorizer in each account.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.32"
    }
  }
}

provider "aws" {
  alias  = "central"
  region = var.region
  assume_role {
    role_arn = "arn:aws:iam::${var.central_account_id}:role/deploy"
  }
}

provider "aws" {
  alias  = "orders"
  region = var.region
  assume_role {
    role_arn = "arn:aws:iam::${var.account_ids.orders}:role/deploy"
  }
}

variable "zip_path" {
  description = "The zip for arm64."
  type        = string
}

variable "user_pool_id" {
  description = "The id of the user pool, in the central account."
  type        = string
}

variable "app_client_ids" {
  description = "The pool's app clients whose tokens are accepted."
  type        = list(string)
}

variable "central_account_id" {
  description = "The account of the authorizer."
  type        = string
}

variable "account_ids" {
  description = "The accounts whose APIs may call the authorizer, each under a name. `orders` is one of them."
  type        = map(string)
  validation {
    condition     = contains(keys(var.account_ids), "orders")
    error_message = "The account orders must be there."
  }
}

variable "region" {
  description = "The region of the APIs."
  type        = string
}

variable "orders_api_id" {
  description = "A REST API in the account `orders`."
  type        = string
}

module "authorizer" {
  source     = "../.."
  providers  = { aws = aws.central }
  package    = { file = var.zip_path }
  user_pools = { primary = { user_pool_id = var.user_pool_id, app_client_ids = var.app_client_ids } }
  # API Gateway of these accounts, and of no others. Each account's APIs could also be named one by one instead of `*`.
  api_arns = { for name, id in var.account_ids : name => "arn:aws:execute-api:${var.region}:${id}:*" }
}

module "orders" {
  source         = "../../modules/rest"
  providers      = { aws = aws.orders }
  rest_api_id    = var.orders_api_id
  authorizer_uri = module.authorizer.authorizer_uri
}
