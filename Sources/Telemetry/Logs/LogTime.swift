import Glibc

/// A moment as logs show it.
package struct LogTime: Sendable, Equatable {
    /// Whole seconds since 1970-01-01T00:00:00Z.
    package var seconds: Int
    /// 0…999.
    package var milliseconds: Int

    /// Makes a moment.
    package init(seconds: Int, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    /// The present moment.
    package static func now() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// ISO 8601 in UTC with milliseconds: `2026-01-31T12:03:04.005Z`.
    package var iso8601: String {
        var (time, parts) = (time_t(seconds), tm())
        gmtime_r(&time, &parts)
        let date =
            "\(Int(parts.tm_year) + 1900)-\(Self.padded(Int(parts.tm_mon) + 1))-\(Self.padded(Int(parts.tm_mday)))"
        return "\(date)T\(Self.clock(parts)).\(Self.padded(milliseconds, digits: 3))Z"
    }

    /// The time of day in the zone of the process: `12:03:04`.
    package var timeOfDay: String {
        var (time, parts) = (time_t(seconds), tm())
        localtime_r(&time, &parts)
        return Self.clock(parts)
    }

    private static func clock(_ parts: tm) -> String {
        [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0)) }.joined(separator: ":")
    }

    private static func padded(_ number: Int, digits: Int = 2) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
