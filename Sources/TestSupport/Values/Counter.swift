internal import Synchronization

/// Counts from 1, for names that must not repeat in one process.
package final class Counter: Sendable {
    private let value = Mutex(0)

    /// Starts at 1.
    package init() {}

    /// The next number.
    package func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}
