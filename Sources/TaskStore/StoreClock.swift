package import Foundation

/// Where a store that has no clock of its own reads the time. Tests set it by hand.
package protocol StoreClock: Sendable {
    /// The time now. Must not block.
    func now() -> Date
}

/// The wall clock of this host, which all processes that share an embedded store share too.
package struct SystemStoreClock: StoreClock {
    /// Makes the clock.
    package init() {}

    package func now() -> Date { Date() }
}
