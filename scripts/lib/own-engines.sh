# shellcheck shell=bash disable=SC2154 # $here, $logs, step and die are the caller's
# Starts engines, and at the end stops those that did not run before: each of them on its own account. Sourced by scripts/test.

# Directories with engines that this run has started.
own_engines=()
# Which, by directory.
declare -A own_parts=()

# start_engines DIRECTORY: starts what is missing there. Whoever ran before, even without an answer, stays when this run ends.
start_engines() {
    local directory=$1 number parts
    parts=$({ ACODE_ENGINES_DIR=$directory "$here/engines" status 2>/dev/null || true; } |
        awk -F '\t' '$3 == "stopped" { printf "%s ", $1 }')
    if [ -n "$parts" ]; then own_engines+=("$directory") own_parts[$directory]=$parts; fi
    number=$((${pairs:-0} + 1))
    pairs=$number
    step "engines-$number" env ACODE_ENGINES_DIR="$directory" "$here/engines" start || {
        tail -n 40 "$logs/engines-$number.log"
        die 'the engines did not start'
    }
}

# stop_own_engines: what start_engines has started.
stop_own_engines() {
    local directory parts
    for directory in "${own_engines[@]}"; do
        read -ra parts <<<"${own_parts[$directory]}"
        ACODE_ENGINES_DIR=$directory "$here/engines" stop "${parts[@]}" >"$logs/engines-stop.log" 2>&1 ||
            cat "$logs/engines-stop.log" >&2
    done
    own_engines=()
}
