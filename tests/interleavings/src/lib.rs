//! Nothing: this package is its test program, `tests/it`.
