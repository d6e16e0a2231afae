import Foundation
import TestSupport

/// A library that puts the wall clock of one process wrong. Its children see the right time.
enum ClockShim {
    /// Whoever waits until a time of day asks the kernel, which knows the right one.
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <pthread.h>
        #include <semaphore.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static long shift;
        __attribute__((constructor)) static void begin(void) {
            const char *text = getenv("CLOCK_SHIFT");
            shift = text ? atol(text) : 0;
            unsetenv("CLOCK_SHIFT");
            unsetenv("LD_PRELOAD");
        }
        int clock_gettime(clockid_t clock, struct timespec *now) {
            int answer = (int)syscall(SYS_clock_gettime, clock, now);
            if (answer == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift;
            return answer;
        }
        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            struct timespec exact;
            (void)zone;
            clock_gettime(CLOCK_REALTIME, &exact);
            now->tv_sec = exact.tv_sec;
            now->tv_usec = exact.tv_nsec / 1000;
            return 0;
        }
        time_t time(time_t *kept) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (kept) *kept = now.tv_sec;
            return now.tv_sec;
        }
        static struct timespec real(const struct timespec *until) {
            struct timespec time = *until;
            if (time.tv_sec > 1000000000) time.tv_sec -= shift;
            return time;
        }
        int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
                                   const struct timespec *restrict until) {
            static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
            if (!next) next = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))
                dlsym(RTLD_NEXT, "pthread_cond_timedwait");
            struct timespec time = real(until);
            return next(c, m, &time);
        }
        int sem_timedwait(sem_t *restrict s, const struct timespec *restrict until) {
            static int (*next)(sem_t *, const struct timespec *);
            if (!next) next = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
            struct timespec time = real(until);
            return next(s, &time);
        }
        """

    /// Makes it in a directory, and returns the variables that put the clock of a process so many seconds wrong.
    static func environment(in directory: String, seconds: Int) async throws -> [String: String] {
        let (code, library) = ("\(directory)/clock.c", "\(directory)/clock.so")
        try Data(source.utf8).write(to: URL(fileURLWithPath: code))
        // Swift's own compiler comes with one for C.
        let script = "$(command -v cc || command -v clang) -shared -fPIC -O1 -o '\(library)' '\(code)' -ldl"
        var environment = ProcessPlan.plainEnvironment
        environment["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        _ = try await ChildProcess.tool(
            ProcessPlan("/bin/sh", ["-c", script], environment: environment), within: .seconds(30))
        return ["LD_PRELOAD": library, "CLOCK_SHIFT": String(seconds)]
    }
}
