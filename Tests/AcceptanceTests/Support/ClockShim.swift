import Foundation
import TestSupport

/// A library that puts the wall clock of one process wrong, by as much as a file says at the time. Its children see the right
/// time.
struct ClockShim {
    /// Whoever waits until a time of day asks the kernel, which knows the right one.
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <pthread.h>
        #include <semaphore.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static const volatile long none = 0, *place = &none;
        #define shift (*place)
        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("CLOCK_SHIFT_FILE");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            void *found = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *place, PROT_READ, MAP_SHARED, file, 0);
            if (found != MAP_FAILED) place = found;
            if (file >= 0) close(file);
            unsetenv("CLOCK_SHIFT_FILE");
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

    private let library: String
    private let file: String

    /// The variables of a process whose clock it is to put wrong.
    var environment: [String: String] { ["LD_PRELOAD": library, "CLOCK_SHIFT_FILE": file] }

    /// Sets how many seconds the clock is wrong from now on, also in processes that run.
    func move(to seconds: Int) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        // Written in one piece where it is, because it is mapped.
        try withUnsafeBytes(of: Int64(seconds)) { try handle.write(contentsOf: Data($0)) }
    }

    /// Makes it in a directory.
    init(in directory: String, seconds: Int) async throws {
        let code = "\(directory)/clock.c"
        (library, file) = ("\(directory)/clock.so", "\(directory)/clock.shift")
        try withUnsafeBytes(of: Int64(seconds)) { try Data($0).write(to: URL(fileURLWithPath: file)) }
        try Data(Self.source.utf8).write(to: URL(fileURLWithPath: code))
        // Swift's own compiler comes with one for C.
        let script = "$(command -v cc || command -v clang) -shared -fPIC -O1 -o '\(library)' '\(code)' -ldl"
        var environment = ProcessPlan.plainEnvironment
        environment["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        _ = try await ChildProcess.tool(
            ProcessPlan("/bin/sh", ["-c", script], environment: environment), within: .seconds(30))
    }
}
