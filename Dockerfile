# The command-line tool, for pipelines without Rust:
#
#   docker build --tag smac-local .
#   docker run --rm --volume "$PWD:/work" smac-local check --env-file prod.env
#
# `serve` and `aws` listen on loopback, which is the container's own: run those outside.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package smac-local

# libc and libgcc, no shell, not root.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /source/target/release/smac-local /usr/local/bin/smac-local
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/smac-local"]
