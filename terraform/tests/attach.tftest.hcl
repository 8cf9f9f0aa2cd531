# What the sub-modules make. The providers are mocked.

mock_provider "aws" {}
mock_provider "archive" {}

run "rest" {
  module {
    source = "./modules/rest"
  }
  variables {
    rest_api_id    = "abcdef1234"
    authorizer_uri = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations"
    allowed_origin = "https://app.example.com"
  }
  assert {
    condition     = aws_api_gateway_authorizer.this.type == "REQUEST" && aws_api_gateway_authorizer.this.identity_source == "" && aws_api_gateway_authorizer.this.authorizer_result_ttl_in_seconds == 0
    error_message = "Without a key nothing must be cached: the default of API Gateway is 300 seconds."
  }
  assert {
    condition     = toset(keys(aws_api_gateway_gateway_response.this)) == toset(["ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED"]) && alltrue([for response in aws_api_gateway_gateway_response.this : response.response_parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://app.example.com'"])
    error_message = "Pages must be able to read every refusal."
  }
  assert {
    condition = jsondecode(replace(replace(aws_api_gateway_gateway_response.this["ACCESS_DENIED"].response_templates["application/json"],
    "$context.error.messageString", "\"no\""), "$context.authorizer.reason", "group_missing")) == { message = "no", reason = "group_missing" }
    error_message = "What API Gateway fills in must be JSON."
  }
}

run "rest_without_responses" {
  module {
    source = "./modules/rest"
  }
  variables {
    rest_api_id       = "abcdef1234"
    authorizer_uri    = "uri"
    type              = "TOKEN"
    identity_sources  = ["method.request.header.Authorization"]
    ttl_seconds       = 300
    gateway_responses = false
  }
  assert {
    condition     = length(aws_api_gateway_gateway_response.this) == 0 && aws_api_gateway_authorizer.this.identity_source == "method.request.header.Authorization" && aws_api_gateway_authorizer.this.authorizer_result_ttl_in_seconds == 300
    error_message = "The API's own responses must stay."
  }
}

run "rest_cached_without_a_key" {
  command = plan
  module {
    source = "./modules/rest"
  }
  variables {
    rest_api_id    = "abcdef1234"
    authorizer_uri = "uri"
    ttl_seconds    = 300
  }
  expect_failures = [var.ttl_seconds]
}

run "token_without_a_header" {
  command = plan
  module {
    source = "./modules/rest"
  }
  variables {
    rest_api_id    = "abcdef1234"
    authorizer_uri = "uri"
    type           = "TOKEN"
  }
  expect_failures = [var.identity_sources]
}

run "http" {
  module {
    source = "./modules/http"
  }
  variables {
    api_id           = "abcdef1234"
    authorizer_uri   = "uri"
    simple_responses = true
  }
  assert {
    condition     = aws_apigatewayv2_authorizer.this.authorizer_payload_format_version == "2.0" && aws_apigatewayv2_authorizer.this.enable_simple_responses && aws_apigatewayv2_authorizer.this.authorizer_result_ttl_in_seconds == 0
    error_message = "Simple answers need payload 2.0, and nothing must be cached without a key."
  }
}

run "http_cached_without_a_key" {
  command = plan
  module {
    source = "./modules/http"
  }
  variables {
    api_id         = "abcdef1234"
    authorizer_uri = "uri"
    ttl_seconds    = 300
  }
  expect_failures = [var.ttl_seconds]
}

run "websocket" {
  module {
    source = "./modules/websocket"
  }
  variables {
    api_id           = "abcdef1234"
    authorizer_uri   = "uri"
    identity_sources = ["route.request.querystring.token"]
    credentials_arn  = "arn:aws:iam::123456789012:role/invoke"
  }
  assert {
    condition     = tolist(aws_apigatewayv2_authorizer.this.identity_sources) == tolist(["route.request.querystring.token"]) && aws_apigatewayv2_authorizer.this.authorizer_credentials_arn == "arn:aws:iam::123456789012:role/invoke"
    error_message = "The filter and the role must be the given ones."
  }
}

run "files" {
  module {
    source = "./modules/files"
  }
  variables {
    files = { "smac/settings.json" = "{}", "smac/rules/a.cedar" = "permit (principal, action, resource);" }
  }
  assert {
    condition     = toset([for source in data.archive_file.this.source : source.filename]) == toset(["smac/settings.json", "smac/rules/a.cedar"])
    error_message = "Each file must be in the layer."
  }
}

run "a_file_out_of_the_layer" {
  command = plan
  module {
    source = "./modules/files"
  }
  variables {
    files = { "../settings.json" = "{}" }
  }
  expect_failures = [var.files]
}
