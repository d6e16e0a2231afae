#!/bin/sh
# Compiles wordcount.c and checks what it prints; the directory of this file is not written to.
set -eu
here=$(dirname "$0")
# mktemp(1) puts random characters in the place of the Xs.
work=$(mktemp -d "$PWD/wordcount.XXXXXX")
trap 'rm -rf "$work"' EXIT

gcc -std=c99 -Wall -Wextra -Werror -O2 -o "$work/wordcount" "$here/wordcount.c"

check() {
    printf '%b' "$2" | "$work/wordcount" >"$work/got"
    printf '%b' "$3" >"$work/wanted"
    if ! cmp -s "$work/wanted" "$work/got"; then
        echo "not ok - $1"
        exit 1
    fi
    echo "ok - $1"
}
check 'nothing' '' ''
check 'one word' 'Hello' '     1 hello\n'
check 'most frequent first' 'b a b\nB, a! c' '     3 b\n     2 a\n     1 c\n'
echo "the most frequent words of text.txt:"
"$work/wordcount" 3 <"$here/text.txt"
