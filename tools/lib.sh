# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the commands of tools/ share: where things are, the one list of
# packages, and how a build is set up. Sourced, never run.

# shellcheck disable=SC2034 # read by the commands that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
jobs=$(nproc)

# The one list of packages (Debian 12). To run: what the programs link and the
# story needs; to check: what proves them; to develop: what only tools/dev uses.
packages_to_run=(
    gcc libc6-dev meson ninja-build pkg-config python3
    libzmq3-dev libprotobuf-c-dev protobuf-c-compiler libsqlite3-dev
    libsodium-dev libconfuse-dev libjansson-dev libcsv-dev
    jq procps sqlite3
)
packages_to_check=(
    clang clang-format clang-tidy libclang-rt-14-dev llvm shellcheck
    protobuf-compiler python3-nacl python3-protobuf python3-zmq
)
packages_to_develop=(gcovr gdb valgrind)

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Prints those of the packages named that are not installed.
missing_packages() {
    local package state
    for package; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$package" \
            2>/dev/null) || state=none
        [ "$state" = installed ] || printf '%s\n' "$package"
    done
}

# Installs what is missing of the packages named; touches nothing otherwise.
need() {
    local missing log
    command -v dpkg-query >/dev/null ||
        die "this is not Debian: install by hand what tools/lib.sh lists"
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        die "only root (or sudo) can install what is missing: ${missing[*]}"
    step "installing ${missing[*]}"
    log=$(mktemp)
    if as_root apt-get update -qq >"$log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "could not install: ${missing[*]}"
    fi
}

# setup DIR [MESON OPTION...]: configures a build folder, or brings an existing
# one to these options. CC comes from the environment.
setup() {
    local dir=$1 options="$*"
    shift
    if [ -f "$dir/build.ninja" ]; then
        [ "$(cat "$dir/.options" 2>/dev/null)" != "$options" ] || return 0
        meson configure "$dir" "$@" >/dev/null || return 1
    else
        rm -rf "$dir"
        meson setup "$dir" "$root" "$@" >"$dir.log" 2>&1 || {
            tail -n 20 "$dir.log" >&2
            return 1
        }
    fi
    printf '%s' "$options" >"$dir/.options"
}

# compile DIR [TARGET...]: quiet when all is well; what the compiler says of
# warnings and errors if not, without the commands that led there.
compile() {
    local dir=$1 out status=0
    shift
    out=$(ninja -C "$dir" -k 20 "$@" 2>&1) || status=1
    if [ $status -ne 0 ] || grep -q 'warning:' <<<"$out"; then
        sed -n '/^FAILED\|warning:\|error:\|ERROR:/,$p' <<<"$out" |
            grep -vE '^\[[0-9]+/[0-9]+\] |^(/usr/bin/)?(cc|gcc|clang) ' |
            head -n 120 >&2
    fi
    return $status
}

# Every C file that is ours, with its path from the root. (What git knows, and
# what is new and not ignored; without git, everything outside build/.)
c_files() {
    (
        cd "$root" || exit
        git ls-files -co --exclude-standard -- '*.c' '*.h' 2>/dev/null ||
            find . -path ./build -prune -o -name '*.[ch]' -print |
            sed 's,^\./,,'
    ) | sort -u | while read -r f; do
        [ ! -f "$root/$f" ] || printf '%s\n' "$f"
    done
}

format_check() {
    c_files | (cd "$root" && xargs -r clang-format --dry-run -Werror 2>&1) |
        sed -n 's/: error: code should be clang-formatted.*/: not in form/p'
}

# tidy DIR: clang-tidy over what DIR was configured to compile of ours. Tests
# are left to the compilers: what makes them readable is not what it measures.
tidy() {
    local dir=$1
    c_files | grep '\.c$' | grep -v '^tests/' | while read -r f; do
        if grep -qF "/$f\"" "$dir/compile_commands.json"; then
            printf '%s\n' "$f"
        fi
    done | (cd "$root" && xargs -r -n 4 -P "$jobs" \
        clang-tidy --quiet -p "$dir" 2>/dev/null) |
        sed -n "s,^[^:]*\.\./\.\./,,; /: \(error\|warning\): /p" | sort -u
}

shell_check() {
    (
        cd "$root" || exit
        find tools .ci tests -type f | while read -r f; do
            if head -n 1 "$f" | grep -qE '^#!.*\b(ba)?sh\b' ||
                [ "${f##*.}" = sh ]; then
                printf '%s\n' "$f"
            fi
        done | xargs -r shellcheck -S warning -x
    )
}

# The environment of the sanitizers: a finding ends the process.
sanitizer_environment() {
    export ASAN_OPTIONS=abort_on_error=1:halt_on_error=1:detect_leaks=1
    export UBSAN_OPTIONS=abort_on_error=1:halt_on_error=1:print_stacktrace=1
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    TSAN_OPTIONS+=:suppressions=$root/tests/support/tsan.supp
}
