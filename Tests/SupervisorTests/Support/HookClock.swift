import Foundation
import Synchronization
import TaskStore

/// The wall clock, which calls a hook until it returns true: from inside the store's next transaction.
final class HookClock: StoreClock {
    private let pending = Mutex<(@Sendable () -> Bool)?>(nil)

    var hook: (@Sendable () -> Bool)? {
        get { pending.withLock { $0 } }
        set { pending.withLock { $0 = newValue } }
    }

    func now() -> Date {
        if let hook, hook() { self.hook = nil }
        return Date()
    }
}
