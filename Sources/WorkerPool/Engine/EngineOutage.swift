package import Foundation

/// A time in which the engine was away, to tell what it did to its containers from what happened to them by themselves.
package struct EngineOutage: Sendable, Equatable {
    /// When the engine last answered before.
    package var begin: Date
    /// When it answered again; `nil` while it is away.
    package var end: Date?

    /// What a returning engine did at its start becomes visible a moment after its first answer.
    static let settling: TimeInterval = 3

    /// Makes an outage.
    package init(begin: Date, end: Date? = nil) {
        self.begin = begin
        self.end = end
    }

    /// Whether something that happened at `instant` happened in it.
    package func covers(_ instant: Date) -> Bool {
        guard instant >= begin else { return false }
        guard let end else { return true }
        return instant <= end.addingTimeInterval(Self.settling)
    }
}
