/// The times at which something is due again and again, an interval apart.
///
/// Of those that passed while nobody asked, because the work took longer or the host slept, only one is made up for: what
/// was missed for hours must not be done as often at once.
package struct Beats: AsyncSequence, Sendable {
    private let interval: Duration

    /// The first is due after one interval, which is a millisecond at least.
    package init(every interval: Duration) { self.interval = Swift.max(interval, .milliseconds(1)) }

    package func makeAsyncIterator() -> Iterator { Iterator(interval: interval) }

    /// Waits for one time after the other.
    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let interval: Duration
        private var last: ContinuousClock.Instant?

        fileprivate init(interval: Duration) { self.interval = interval }

        /// Returns when the next is due, with the time it is then; `nil` once the task is cancelled.
        package mutating func next() async -> ContinuousClock.Instant? {
            let now = ContinuousClock.now
            let due = Beats.due(after: last ?? now, at: now, every: interval)
            guard (try? await Task.sleep(until: due, clock: .continuous)) != nil else { return nil }
            last = due
            return .now
        }
    }

    /// When the next is due; of several that are over, the last.
    static func due(
        after last: ContinuousClock.Instant, at now: ContinuousClock.Instant, every interval: Duration
    ) -> ContinuousClock.Instant {
        last + interval * Swift.max(1, Int((now - last) / interval))
    }
}
