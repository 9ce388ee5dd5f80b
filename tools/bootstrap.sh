#!/bin/sh
# Makes .venv hold exactly what requirements-dev.txt locks; does nothing when it already does.
# With the argument "bench" it also holds what requirements-bench.txt adds for benchmarks.
#
# 1. A Python 3.13 that can make environments and has sqlite3: $PYTHON, python3.13, python3, python.
# 2. Else uv, from PATH or put into .tools by any python3 that has pip; uv finds a Python 3.13
#    that plain names do not reach, or downloads one into .tools.
# 3. Else it says what is missing and how to get it, and exits 1.
#
# POSIX sh on purpose: it has to run where there is no Python yet. Nothing is installed outside
# the checkout.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
# pyenv's python3.13 is a shim that works only where .python-version is in reach, and a version
# forced by the caller's shell would beat that file.
cd "$root"
unset PYENV_VERSION PYTHONHOME PYTHONPATH

# What a person's own pip settings say of places ("user = true" is common) would send packages
# elsewhere, or make pip refuse an environment; what they say of indexes is left to them. 0 beats a
# configuration file, an unset variable would not.
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0
unset PIP_TARGET PIP_PREFIX PIP_ROOT

lock_file=requirements-dev.txt
stamp=.venv/.stamp
bench_lock_file=requirements-bench.txt
bench_stamp=.venv/.stamp-bench
busy=.venv.busy
MAX_WAIT_S=900 # A first set-up on a slow line takes minutes; a hung one should not hold make for ever.

say() {
    echo "vaultlift: $*" >&2
}

# What the environment was made from. A moved checkout counts as another one: scripts in .venv/bin
# carry absolute paths.
fingerprint() {
    {
        echo "$root"
        cat "$lock_file" tools/bootstrap.sh
        sed -n '/^\[project.scripts\]/,/^$/p' pyproject.toml
    } | cksum
}

is_fresh() {
    [ -x .venv/bin/python ] && [ "$(cat $stamp 2>/dev/null)" = "$(fingerprint)" ] &&
        .venv/bin/python -c '' 2>/dev/null
}

# Two make runs in one checkout must not build the same environment at once.
has_turn=
take_turn() {
    [ -z "$has_turn" ] || return 0
    waited=0
    until mkdir "$busy" 2>/dev/null; do
        owner=$(cat "$busy/pid" 2>/dev/null || true)
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$busy"
            continue
        fi
        if [ "$waited" -ge "$MAX_WAIT_S" ]; then
            say "another set-up holds $root/$busy for $MAX_WAIT_S s. Remove that folder if none runs."
            exit 1
        fi
        sleep 1
        waited=$((waited + 1))
    done
    trap 'rm -rf "$busy"' EXIT
    trap 'exit 130' INT TERM HUP
    echo $$ >"$busy/pid"
    has_turn=1
}

# A Python that was compiled where their libraries were missing goes without these.
is_complete() {
    "$1" -c 'import sqlite3, ssl' 2>/dev/null
}

# ensurepip is missing where a distribution splits venv off into its own package.
is_usable_python() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null &&
        is_complete "$1"
}

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3 python; do
        if is_usable_python "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

# A company's own certificate authority is known to the system; pip asks the system, uv when told.
UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
export UV_SYSTEM_CERTS

# pip goes without a cache where it cannot write one; uv gives up. So it gets one it can write.
find_uv_cache() {
    [ -z "${UV_CACHE_DIR:-}" ] || return 0
    cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    [ -z "$cache" ] || ! mkdir -p "$cache/uv" 2>/dev/null || [ ! -w "$cache/uv" ] || return 0
    UV_CACHE_DIR="$root/.tools/cache"
    export UV_CACHE_DIR
}

# Any Python will do here, so it is run outside the checkout, where .python-version asks for none.
install_uv() {
    mkdir -p .tools
    sed -n '/^uv==/,/[^\\]$/p' "$lock_file" >.tools/uv.txt
    for candidate in python3 python; do
        (cd / && "$candidate" -m pip --version) >/dev/null 2>&1 || continue
        say "no Python 3.13 by name; installing uv into .tools to look for one"
        (cd / && "$candidate" -m pip install -qq --disable-pip-version-check --no-input \
            --no-deps --require-hashes --upgrade --target "$root/.tools/uv" \
            -r "$root/.tools/uv.txt") >&2 && return 0
    done
    return 1
}

find_uv() {
    if command -v uv >/dev/null 2>&1; then
        command -v uv
        return 0
    fi
    [ -x .tools/uv/bin/uv ] || install_uv || return 1
    echo "$root/.tools/uv/bin/uv"
}

give_up() {
    say "vaultlift needs Python 3.13, and there is none here that it can use."
    say "  tried: \$PYTHON, python3.13, python3, python (3.13 with the modules venv,"
    say "    ensurepip, sqlite3 and ssl); $1"
    say "  get it by one of:"
    say "    apt-get install python3.13 python3.13-venv    (Debian, Ubuntu)"
    say "    brew install python@3.13                      (macOS)"
    say "    pyenv install 3.13"
    say "    uv python install 3.13"
    say "  then run make again; a Python that is not on PATH is named with PYTHON=/path/to/python3.13"
    exit 1
}

# Called where packages could not be installed; the installer's own words stand above.
fail_install() {
    say "could not install ${1:-$lock_file}. It needs a package index that serves these versions;"
    say "  pip and uv take theirs from your own configuration. Then run make again."
    exit 1
}

build_with_python() {
    say "making .venv with $("$1" --version), from $lock_file"
    "$1" -m venv .venv
    pip=".venv/bin/python -m pip install -qq --disable-pip-version-check --no-input"
    $pip --require-hashes -r "$lock_file" || fail_install
    # The build backend is in the lock, so the editable install fetches nothing.
    $pip --no-deps --no-build-isolation --editable .
}

build_with_uv() {
    find_uv_cache
    # Python is downloaded into the checkout, and only if this machine has no whole 3.13 at all.
    if ! "$1" venv --quiet --no-python-downloads --python 3.13 .venv 2>/dev/null ||
        ! is_complete .venv/bin/python; then
        say "no whole Python 3.13 on this machine; asking uv to download one into .tools"
        UV_PYTHON_INSTALL_DIR="$root/.tools/python"
        UV_PYTHON_PREFERENCE=only-managed
        export UV_PYTHON_INSTALL_DIR UV_PYTHON_PREFERENCE
        "$1" python install --no-bin 3.13 >&2 ||
            give_up "uv (it found no 3.13 and could not download one, see above)"
        rm -rf .venv
        "$1" venv --quiet --python 3.13 .venv
    fi
    say "making .venv with $(.venv/bin/python --version) found by uv, from $lock_file"
    "$1" pip install --quiet --python .venv/bin/python --require-hashes -r "$lock_file" ||
        fail_install
    "$1" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
}

build() {
    is_fresh && return
    take_turn
    is_fresh && return
    rm -rf .venv
    if python=$(find_python); then
        build_with_python "$python"
    elif uv=$(find_uv); then
        build_with_uv "$uv"
    else
        give_up "uv (not on PATH, and no python3 with pip could install it)"
    fi
    fingerprint >"$stamp"
}

has_bench() {
    [ "$(cat $bench_stamp 2>/dev/null)" = "$(cksum <"$bench_lock_file")" ]
}

# The bench lock holds the development lock as it is, so nothing that is there changes.
add_bench() {
    has_bench && return
    take_turn
    has_bench && return
    say "adding what benchmarks compare with, from $bench_lock_file"
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input \
            --require-hashes -r "$bench_lock_file" || fail_install "$bench_lock_file"
    else
        .venv/bin/uv pip install --quiet --python .venv/bin/python \
            --require-hashes -r "$bench_lock_file" || fail_install "$bench_lock_file"
    fi
    cksum <"$bench_lock_file" >"$bench_stamp"
}

build
[ "${1:-}" != bench ] || add_bench
