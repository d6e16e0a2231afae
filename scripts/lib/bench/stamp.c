/* Prints the wall clock in nanoseconds as its first and only act; runs in any container. */
#include <stdio.h>
#include <time.h>

int main(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return printf("%lld\n", (long long)now.tv_sec * 1000000000LL + now.tv_nsec) > 0 ? 0 : 1;
}
