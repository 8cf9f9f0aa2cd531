# Short names for what is done often. `just` alone lists them. Each of CI's steps is a script in .ci/ and can run without this.

# Lists the recipes
default:
    @just --list

# Decides about a sample event
try event="events/rest-request-access-token.json":
    cargo local invoke {{event}}

# A local API Gateway at http://localhost:3000/
serve *options:
    cargo local serve {{options}}

# All tests
test:
    cargo test --workspace

# The tests of the documents
docs:
    cargo test -p smac-local --test it docs::

# The documents as a book, in book/
book:
    .ci/book

# What is quick to check before a commit
check:
    .ci/format
    .ci/words
    .ci/clippy

# Everything, as CI does
ci:
    .ci/run

# Each fuzz target for so many seconds
fuzz seconds="60":
    .ci/fuzz {{seconds}}

# The changes to a module that no test notices
mutants module:
    .ci/mutants {{module}}

# The release binary, timed from outside
bench:
    cargo measure bench --runs 3
