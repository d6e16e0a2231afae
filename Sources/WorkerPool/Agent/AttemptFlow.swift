internal import AgentProtocol

/// What to do with the next output of an attempt: a pure account of offsets.
///
/// The agent sends again what was not acknowledged after each reconnect, so bytes below the expected offset are old; a
/// jump ahead means that the agent had to drop what lies between.
package struct AttemptFlow: Sendable, Equatable {
    /// What a chunk means.
    package struct Arrival: Sendable, Equatable {
        /// How many bytes are missing before it.
        package var lost: UInt64
        /// How many of its first bytes are known already.
        package var duplicate: Int
    }

    /// Offset after the last byte taken.
    package private(set) var offset: UInt64
    private var acknowledged: UInt64
    /// How far an acknowledgement may lag behind what was taken: a reader that never calls anything safe must not stop the
    /// task's output, which the agent does at the window.
    private static let mostUnsafe = AgentProtocol.outputWindow / 2

    /// Makes the account of an attempt of which everything below `offset` is known.
    package init(from offset: UInt64 = 0) {
        self.offset = offset
        acknowledged = offset
    }

    /// Takes a chunk of `count` bytes at `start`.
    package mutating func take(start: UInt64, count: Int) -> Arrival {
        let end = start + UInt64(count)
        guard end > offset else { return Arrival(lost: 0, duplicate: count) }
        let lost = start > offset ? start - offset : 0
        let duplicate = start < offset ? Int(offset - start) : 0
        offset = end
        return Arrival(lost: lost, duplicate: duplicate)
    }

    /// The offset to acknowledge now that everything below `safe` would survive this process; nil when it is not yet time.
    package mutating func acknowledge(safe: UInt64) -> UInt64? {
        let next = min(offset, max(safe, offset - min(offset, Self.mostUnsafe)))
        guard next >= acknowledged + AgentProtocol.acknowledgeEvery else { return nil }
        acknowledged = next
        return next
    }

    /// Takes the final offset and returns how many bytes are missing before it.
    package mutating func finish(at end: UInt64) -> UInt64 {
        defer { offset = max(offset, end) }
        return end > offset ? end - offset : 0
    }
}
