internal import Foundation

/// Times as a store keeps them: whole milliseconds since 1970. Everything is clamped to the years 1 to 9999, so that no
/// value a user can write overflows.
enum StoredTime {
    private static let latest: Double = 253_402_300_799_000
    private static let earliest: Double = -62_135_596_800_000

    /// The last time there is: the end of the year 9999.
    static let latestMilliseconds = Int64(latest)

    static func milliseconds(_ date: Date) -> Int64 { milliseconds(seconds: date.timeIntervalSince1970) }

    static func milliseconds(seconds: Double) -> Int64 {
        guard !seconds.isNaN else { return 0 }
        return Int64(min(latest, max(earliest, (seconds * 1000).rounded())))
    }

    static func milliseconds(_ duration: Duration) -> Int64 {
        milliseconds(seconds: duration / .seconds(1))
    }

    /// `milliseconds` after `time`.
    static func add(_ milliseconds: Int64, to time: Int64) -> Int64 { min(Int64(latest), time + milliseconds) }

    static func date(_ milliseconds: Int64) -> Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
