import Glibc

/// A point on the monotonic clock, in nanoseconds.
typealias Nanos = Int64

enum Clock {
    /// Nanoseconds on the monotonic clock.
    static func now() -> Nanos { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since 1970.
    static func wall() -> Nanos { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> Nanos {
        var time = timespec()
        clock_gettime(clock, &time)
        return Nanos(time.tv_sec) * 1_000_000_000 + Nanos(time.tv_nsec)
    }
}

extension Nanos {
    static func milliseconds(_ count: Int64) -> Nanos { count * 1_000_000 }

    /// Whole nanoseconds of a number of seconds; what is negative or not a number counts as 0, the largest is a century.
    static func seconds(_ count: Double) -> Nanos {
        guard count > 0 else { return 0 }
        return Nanos(Swift.min(count, 3_155_760_000) * 1_000_000_000)
    }
}
