import Foundation
import Synchronization
import TaskStore

/// A store's clock that only moves by hand.
final class HandClock: StoreClock {
    private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

    func now() -> Date { time.withLock { $0 } }

    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }
}
