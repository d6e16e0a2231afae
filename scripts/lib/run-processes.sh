# shellcheck shell=bash
# Ends whatever one run of the tests has started. Supervisors lead sessions of their own and outlive who started them when
# that is killed, so no session, group or line of parents has them all. Sourced.

# mark_run: everything that is started from now on carries a mark of this run in its environment, which begins with that of
# the run it is a part of and ends with a dot.
mark_run() {
    if [ -z "${TEST_RUN:-}" ]; then TEST_RUN=$(printf '%x%x.' "$EPOCHSECONDS" "$$"); else TEST_RUN+="$$."; fi
    export TEST_RUN
}

# Start times by pid: a pid alone may be somebody else's by now.
declare -A found=()

# find_run PID…: sets `found` to what lives of PID…, of those with the mark, of those found before, and of all that these
# have started. Never this shell, those above it, or the helpers it runs.
find_run() {
    local pid start lines
    lines=$(
        {
            for pid in "$@"; do printf 'root %s\n' "$pid"; done
            for pid in "${!found[@]}"; do printf 'known %s %s\n' "$pid" "${found[$pid]}"; done
            { grep -lzs "^TEST_RUN=${TEST_RUN//./\\.}" /proc/[0-9]*/environ || true; } | sed 's,/proc/\([0-9]*\)/.*,marked \1,'
            # Field N of the kernel's line is field N here too.
            sed -n 's/^\([0-9]*\) (.*) \([A-Z] .*\)/process \1 \2/p' /proc/[0-9]*/stat 2>/dev/null || true
        } | awk -v own="$$" '
            $1 == "root" { root[$2] }
            $1 == "known" { known[$2] = $3 }
            $1 == "marked" { marked[$2] }
            $1 == "process" && $3 !~ /[ZX]/ { parent[$2] = $4; start[$2] = $22 }
            END {
                for (pid = own; pid in parent; pid = parent[pid]) ours[pid]
                do {
                    more = 0
                    for (pid in parent)
                        if (!(pid in ours) && !(pid in root) && !(pid in helper) && known[pid] != start[pid] &&
                            (parent[pid] == own || parent[pid] in helper)) {
                            helper[pid]
                            more = 1
                        }
                } while (more)
                do {
                    more = 0
                    for (pid in parent)
                        if (!(pid in member) && !(pid in ours) && !(pid in helper) &&
                            (pid in root || pid in marked || known[pid] == start[pid] || parent[pid] in member)) {
                            member[pid]
                            more = 1
                        }
                } while (more)
                for (pid in member) print pid, start[pid]
            }'
    )
    found=()
    while read -r pid start; do
        if [ -n "$pid" ]; then found[$pid]=$start; fi
    done <<<"$lines"
}

# end_run PID…: ends PID…, which this shell has started, and all that find_run finds. A second SIGTERM makes a supervisor
# hurry. A test runner writes its children's output only after they have ended, so PID… come last.
end_run() {
    local tries pid directory
    local -A last=()
    for pid in "$@"; do last[$pid]=1; done
    for ((tries = 0; tries < 250; tries++)); do
        find_run "$@"
        [ "${#found[@]}" -gt 0 ] || break
        for pid in "${!found[@]}"; do
            if [ "$tries" -ge 200 ]; then
                kill -KILL "$pid" 2>/dev/null || true
            elif [ $((tries % 30)) -eq 10 ] || { [ "$tries" -eq 0 ] && [ -z "${last[$pid]:-}" ]; }; then
                kill -TERM "$pid" 2>/dev/null || true
            fi
        done
        sleep 0.1
    done
    # Engines that tests had for themselves are nobody's children.
    for directory in /tmp/acode-e-"$TEST_RUN"*/; do
        if [ -d "$directory" ]; then
            ACODE_ENGINES_DIR=${directory%/} "$(dirname "${BASH_SOURCE[0]}")/../engines" stop >/dev/null 2>&1 || true
        fi
    done
}
