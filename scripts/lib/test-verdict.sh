# shellcheck shell=bash
# What the output of `swift test` says. Sourced by scripts/test.

# closing_line LOG: the runner's last word on each run in the log.
closing_line() { grep -E 'Test run with [0-9]+ tests?' "$1" || true; }

# report_failures LOG: recorded issues with what the test says of them, and failed tests; when the run was cut short, also
# what it was at.
report_failures() {
    grep -E -A 1 --no-group-separator 'recorded an issue| failed after |Fatal error|error: ' "$1" \
        | grep -E 'recorded an issue| failed after |Fatal error|error: |^↳' | grep -v 'Test run with' \
        | cut -c 1-1500 | head -n 200 || true
    if [ -z "$(closing_line "$1")" ]; then
        printf 'the run did not come to its end; unfinished were:\n'
        unfinished_tests "$1"
        printf 'and its last words:\n'
        tail -n 15 "$1"
    fi
}

# unfinished_tests LOG: tests with a start and no end.
unfinished_tests() {
    awk '
        $2 == "Test" && $3 != "case" && $3 != "run" {
            name = $0
            sub(/^[^ ]+ Test /, "", name)
            if (sub(/ started\.$/, "", name)) open[name] = 1
            else if (match(name, /( with [0-9]+ test cases?)? (passed|failed) after /)) delete open[substr(name, 1, RSTART - 1)]
        }
        END { for (name in open) print "  " name }' "$1" | sort | head -n 50
}

# some_test_ran CLOSING: whether the closing line counts at least one test.
some_test_ran() { [[ "$1" =~ Test\ run\ with\ [1-9] ]]; }

# every_test_ran LOG LIST EVENTS…: whether each listed test came to an end in one of the runs with these event streams, none
# was skipped, and both engines had cases of their own. Says what is wrong.
every_test_ran() {
    local log=$1 list=$2 listed ran missing engine cases bad=0
    shift 2
    listed=$(sort -u "$list")
    ran=$("$here/lib/test-events" ran "$@" | sort)
    missing=$(comm -23 <(printf '%s\n' "$listed") <(printf '%s\n' "$ran"))
    if [ "$listed" != "$ran" ]; then
        say "error: $(grep -c . <<<"$listed") tests are listed, $(grep -c . <<<"$ran") were run; not run: ${missing:-none}"
        bad=1
    else
        say "$(grep -c . <<<"$listed") tests are listed, and each was run"
    fi
    if grep -E '^. (Test|Suite) .* skipped' "$log" >&2; then
        say "error: the tests above were skipped"
        bad=1
    fi
    for engine in docker podman; do
        cases=$(grep -cE "Test case passing .*→ $engine( |\)|,)" "$log" || true)
        say "$cases test cases ran on $engine"
        if [ "$cases" -eq 0 ]; then
            say "error: no test case ran on $engine"
            bad=1
        fi
    done
    return "$bad"
}
