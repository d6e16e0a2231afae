package import Foundation
internal import Glibc

/// Where a store that has no clock of its own reads the time. Tests set it by hand.
package protocol StoreClock: Sendable {
    /// The time now. Must not block.
    func now() -> Date

    /// A time that nobody can set: it only goes forward, as `now` does unless that is put forward or back. Means something
    /// only beside another one of this process.
    func steady() -> Duration
}

extension StoreClock {
    /// Of a clock that nobody puts forward or back.
    package func steady() -> Duration { .milliseconds(StoredTime.milliseconds(now())) }
}

/// The wall clock of this host, which all processes that share an embedded store share too.
package struct SystemStoreClock: StoreClock {
    /// Makes the clock.
    package init() {}

    package func now() -> Date { Date() }

    /// Stands still while the host sleeps, as supervisors do.
    package func steady() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
