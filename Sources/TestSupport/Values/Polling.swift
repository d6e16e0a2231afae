/// What a test waited for did not happen in time.
package struct NotInTime: Error, CustomStringConvertible {
    /// What was waited for, and what was seen instead.
    package let description: String
}

/// Polls until `probe` returns a value, and returns it.
///
/// The deadline is this function's own: `probe` itself must not wait for long.
///
/// - Parameters:
///   - what: completes "waited for".
///   - limit: how long to wait at most.
///   - pause: time between two looks.
///   - seen: what to add to the error, asked for only when time is up.
///   - probe: the look; `nil` means not yet. What it throws ends the wait.
/// - Throws: `NotInTime`, `CancellationError`, or what `probe` throws.
package func eventually<Value: Sendable>(
    _ what: String, within limit: Duration = .seconds(20), every pause: Duration = .milliseconds(20),
    seen: () -> String = { "" }, _ probe: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now.advanced(by: limit)
    while true {
        if let value = try await probe() { return value }
        guard ContinuousClock.now < deadline else {
            let words = seen()
            throw NotInTime(description: "waited \(limit) for \(what)\(words.isEmpty ? "" : "; seen: \(words)")")
        }
        try await Task.sleep(for: pause)
    }
}

/// Polls until `condition` holds.
///
/// - Throws: `NotInTime`, `CancellationError`, or what `condition` throws.
package func eventually(
    _ what: String, within limit: Duration = .seconds(20), every pause: Duration = .milliseconds(20),
    seen: () -> String = { "" }, holds condition: () async throws -> Bool
) async throws {
    let _: Bool = try await eventually(what, within: limit, every: pause, seen: seen) {
        try await condition() ? true : nil
    }
}
