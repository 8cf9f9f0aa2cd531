# A layer with files that the function reads at its start: rules, routes, a settings file. It finds them below /opt.

data "archive_file" "this" {
  type        = "zip"
  output_path = "${path.root}/.terraform/${var.name}.zip"

  dynamic "source" {
    for_each = var.files
    content {
      filename = source.key
      content  = source.value
    }
  }
}

resource "aws_lambda_layer_version" "this" {
  layer_name          = var.name
  description         = "Files of the authorizer."
  filename            = data.archive_file.this.output_path
  source_code_hash    = data.archive_file.this.output_base64sha256
  compatible_runtimes = ["provided.al2023"]
  # Versions of the function that one may roll back to still use it.
  skip_destroy = true
}
