/// When it is worth saying that heartbeats fail, and that they work again. Pure.
struct HeartbeatHealth: Sendable {
    /// Failures in a row that are not worth a word.
    private static let tolerated = 3

    /// Failures in a row.
    private(set) var failures = 0

    /// Notes a failure; returns whether to warn, which is once in a row.
    mutating func failed() -> Bool {
        failures += 1
        return failures == Self.tolerated + 1
    }

    /// Notes a success; returns how many failed before it if that was told.
    mutating func succeeded() -> Int? {
        defer { failures = 0 }
        return failures > Self.tolerated ? failures : nil
    }
}
