# shellcheck shell=bash disable=SC2154 # $dir, $owner, $keep, $octet and the bridge names are the caller's
# Daemons of one engines directory ($dir): start, look, wait, end. Sourced by scripts/engines.

# daemon_pid NAME: prints the pid when the daemon we started lives. A pid file alone proves nothing, as pids are reused:
# the command line must name our directory. While a process executes its next program (setsid, env, the daemon) the
# kernel shows it no command line for a moment, as it never does to the dead: only that is worth another look.
daemon_pid() {
    local pid command tries
    pid=$(cat "$dir/run/$1.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] || return 1
    for ((tries = 0; tries < 50; tries++)); do
        command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
        if [ -n "$command" ] || [ "$(process_state "$pid")" = Z ]; then break; fi
        sleep 0.02
    done
    [[ "$command" == *"$dir/"* ]] || return 1
    printf '%s\n' "$pid"
}

# process_state PID: one letter; nothing when there is no such process.
process_state() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true; }

# daemon_start NAME COMMAND…: in its own session and with a clean environment, so that neither the terminal nor the
# caller's variables reach it. The working directory is ours because conmon leaves files in it.
daemon_start() {
    local name=$1 variable
    shift
    local environment=("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "HOME=$dir/run" "TMPDIR=$dir/run")
    for variable in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
        if [ -n "${!variable:-}" ]; then environment+=("$variable=${!variable}"); fi
    done
    (
        cd "$dir/run" || exit 1
        exec setsid env -i "${environment[@]}" "$@" >>"$dir/log/$name.log" 2>&1 </dev/null 9>&-
    ) &
    printf '%s\n' "$!" >"$dir/run/$name.pid"
    # Until the exec above has happened the command line is still this script's own.
    while kill -0 "$!" 2>/dev/null && ! daemon_pid "$name" >/dev/null; do sleep 0.02; done
}

# subordinate_ids USER FILE: sets own_ids to what runs a daemon where the user has subordinate ids. The machine's files stay as
# they are: the ids are in a file of ours, mounted over them in a mount namespace.
subordinate_ids() {
    local group
    group=$(id -gn "$1" 2>/dev/null || printf '%s' "$1")
    printf '%s:200000:65536\n' "$1" "$group" | sort -u >"$2"
    # shellcheck disable=SC2016,SC2034 # expanded by the inner shell; used by the caller
    own_ids=(unshare --mount --propagation slave sh -c
        'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec "$@"' "$2")
}

# answers SOCKET: whether an engine replies there within 2 s.
answers() {
    [ -S "$1" ] && [ "$(curl -s --max-time 2 --unix-socket "$1" http://localhost/_ping 2>/dev/null)" = OK ]
}

# wait_ready NAME SOCKET CHECK…: until CHECK… succeeds; the end of the daemon or 60 s is an error with the log's tail.
wait_ready() {
    local name=$1 deadline=$((SECONDS + 60))
    shift
    until "$@"; do
        daemon_pid "$name" >/dev/null || fail_with_log "$name" "$name ended while starting"
        [ "$SECONDS" -lt "$deadline" ] || fail_with_log "$name" "$name was not ready after 60 s"
        sleep 0.1
    done
}

fail_with_log() {
    tail -n 25 "$dir/log/$1.log" >&2 || true
    die "$2" "its log is $dir/log/$1.log; 'scripts/engines stop' clears what is left"
}

# daemon_stop NAME SECONDS: SIGTERM, and SIGKILL when it has not ended in time.
daemon_stop() {
    local pid deadline=$((SECONDS + $2))
    if pid=$(daemon_pid "$1"); then
        kill -CONT "$pid" 2>/dev/null || true
        kill -TERM "$pid" 2>/dev/null || true
        while daemon_pid "$1" >/dev/null; do
            if [ "$SECONDS" -ge "$deadline" ]; then
                say "$1 did not end within $2 s, killing it"
                kill -KILL "$pid" 2>/dev/null || true
                deadline=$((SECONDS + 5))
            fi
            sleep 0.05
        done
    fi
    rm -f "$dir/run/$1.pid"
}

# daemon_signal NAME SIGNAL
daemon_signal() {
    local pid
    pid=$(daemon_pid "$1") || die "$1 is not running" "scripts/engines start"
    kill -"$2" "$pid"
}

# kill_leftovers DATA: helpers that name DATA on their command line (shims, conmon), and processes whose root file
# system is a container layer below it. Needed when an engine died before it could end its containers.
kill_leftovers() {
    local process
    for process in /proc/[0-9]*; do
        if tr '\0' ' ' 2>/dev/null <"$process/cmdline" | grep -qF "$1/" ||
            awk -v data="upperdir=$1/" '$5 == "/" && index($0, data) { found = 1 } END { exit !found }' \
                "$process/mountinfo" 2>/dev/null; then
            kill -KILL "${process#/proc/}" 2>/dev/null || true
        fi
    done
}

# unmount_below DIRECTORY: every mount in it, deepest first.
unmount_below() {
    local mount
    awk -v below="$1/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount" || true; done
}
