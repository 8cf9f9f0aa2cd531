variable "name" {
  description = "The layer's name."
  type        = string
  default     = "smac-authorizer-files"
  nullable    = false
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,100}$", var.name))
    error_message = "Must be of letters, digits, - and _."
  }
}

variable "files" {
  description = "The files' contents by their paths below `/opt`, such as `smac/rules/users.cedar`. They must hold no secret: whoever may read the function may read them."
  type        = map(string)
  nullable    = false
  validation {
    condition     = length(var.files) > 0 && alltrue([for path in keys(var.files) : can(regex("^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$", path))])
    error_message = "There must be a file, and paths must be relative, of letters, digits, . _ - and /."
  }
}
