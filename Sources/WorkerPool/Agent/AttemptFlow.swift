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
        /// The offset to acknowledge, when it is time to.
        package var acknowledge: UInt64?
    }

    /// Offset after the last byte taken.
    package private(set) var offset: UInt64 = 0
    private var acknowledged: UInt64 = 0

    /// Makes the account of an attempt that has said nothing.
    package init() {}

    /// Takes a chunk of `count` bytes at `start`.
    package mutating func take(start: UInt64, count: Int) -> Arrival {
        let end = start + UInt64(count)
        guard end > offset else { return Arrival(lost: 0, duplicate: count, acknowledge: nil) }
        let lost = start > offset ? start - offset : 0
        let duplicate = start < offset ? Int(offset - start) : 0
        offset = end
        guard offset - acknowledged >= AgentProtocol.acknowledgeEvery else {
            return Arrival(lost: lost, duplicate: duplicate, acknowledge: nil)
        }
        acknowledged = offset
        return Arrival(lost: lost, duplicate: duplicate, acknowledge: offset)
    }

    /// Takes the final offset and returns how many bytes are missing before it.
    package mutating func finish(at end: UInt64) -> UInt64 {
        defer { offset = max(offset, end) }
        return end > offset ? end - offset : 0
    }
}
