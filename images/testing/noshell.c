/* The one program of acode-test-noshell: prints its first argument and exits with its second. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    if (puts(argc > 1 ? argv[1] : "acode-test-noshell") == EOF || fflush(stdout) == EOF) {
        return 125;
    }
    return argc > 2 ? atoi(argv[2]) : 0;
}
