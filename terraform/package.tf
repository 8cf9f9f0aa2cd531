# Where the zip comes from.

locals {
  download     = var.package.url == null ? null : "${path.root}/.terraform/smac-lambda-authorizer-${var.package.sha256}.zip"
  package_file = var.package.file != null ? var.package.file : local.download

  # Lambda compares hashes in base64, sha256sum prints hexadecimal digits: three of these are two characters there.
  base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  package_hash = (
    var.package.file != null ? filebase64sha256(var.package.file) :
    var.package.sha256 == null ? null :
    join("", concat(
      flatten([for place in range(0, 63, 3) : [
        substr(local.base64, floor(parseint(substr(var.package.sha256, place, 3), 16) / 64), 1),
        substr(local.base64, parseint(substr(var.package.sha256, place, 3), 16) % 64, 1),
      ]]),
      [substr(local.base64, parseint(substr(var.package.sha256, 63, 1), 16) * 4, 1), "="],
    ))
  )
}

# It runs where Terraform runs, when the package or the function's name changes: then the function needs the file.
resource "terraform_data" "download" {
  count            = var.package.url == null ? 0 : 1
  triggers_replace = [var.package.url, var.package.sha256, var.name]

  provisioner "local-exec" {
    # As variables, so that the shell takes nothing in them for a command.
    environment = {
      URL    = var.package.url
      SHA256 = var.package.sha256
      FILE   = local.download
    }
    command = "mkdir -p \"$(dirname \"$FILE\")\" && curl --fail --silent --show-error --location --proto =https --output \"$FILE\" \"$URL\" && echo \"$SHA256  $FILE\" | sha256sum --check"
  }
}
