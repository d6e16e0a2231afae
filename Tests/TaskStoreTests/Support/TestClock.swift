import Foundation
import Synchronization
import TaskStore

/// A clock that stands still until a test moves it.
final class TestClock: StoreClock {
    /// Whole milliseconds, as stores keep them.
    static let start = Date(timeIntervalSince1970: 1_700_000_000)
    private let time = Mutex(start)

    func now() -> Date { time.withLock { $0 } }

    func advance(by seconds: Double) { time.withLock { $0 += seconds } }
}
