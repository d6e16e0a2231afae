# shellcheck shell=bash
# What every script here shares: messages, the way to root, and packages. Sourced, never run.

# Messages go to stderr, so that a script's stdout holds only what its caller asked for.
say() { printf '%s: %s\n' "${program:-acode}" "$*" >&2; }

# die MESSAGE [FIX]: an error and, where there is one, the command that mends it.
die() {
    say "error: $1"
    if [ $# -gt 1 ]; then printf '  fix: %s\n' "$2" >&2; fi
    exit "${exit_code:-1}"
}

# need COMMAND [FIX]: end here when a program is missing.
need() {
    command -v "$1" >/dev/null 2>&1 || die "the program '$1' is not here" "${2:-install it, then run this again}"
}

# as_root COMMAND…: run as root, directly or through sudo without a prompt.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        die "'$*' needs root, and sudo without a password is not available" "run $program as root"
    fi
}

# missing_packages NAME…: those of the Debian packages that are not installed, one a line.
missing_packages() {
    local name
    for name in "$@"; do
        case "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" in
            installed) ;;
            *) printf '%s\n' "$name" ;;
        esac
    done
}

# install_packages NAME…: install what is missing; say nothing and do nothing when all is there. Nothing is ever removed
# for it, such as another vendor's Docker.
install_packages() {
    local missing log
    if [ $# -eq 0 ]; then return 0; fi
    need dpkg-query "this needs Debian or Ubuntu; elsewhere install these by hand: $*"
    mapfile -t missing < <(missing_packages "$@")
    if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
    say "installing ${missing[*]}"
    log=$(mktemp)
    # The lock time-out lets another apt finish. A second try after an update covers stale or empty package lists.
    if ! apt_get install "${missing[@]}" >"$log" 2>&1; then
        if ! { apt_get update && apt_get install "${missing[@]}"; } >"$log" 2>&1; then
            tail -n 15 "$log" >&2
            rm -f "$log"
            die "could not install ${missing[*]}" "see apt's words above; check the network and /etc/apt/sources.list"
        fi
    fi
    rm -f "$log"
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -y -q --no-remove -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
}
