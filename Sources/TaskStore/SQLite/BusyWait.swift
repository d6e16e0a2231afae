internal import Glibc
internal import Synchronization

/// SQLite's busy handler: waits while another connection holds the lock, in short uneven steps, so that of two
/// supervisors none starves, and gives up at a deadline. One for each connection. Blocks the connection's own thread.
final class BusyWait: Sendable {
    private let limit: Duration
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    init(limit: Duration) { self.limit = limit }

    /// Returns whether to try again. SQLite calls it with 0 when a wait begins.
    func shouldRetry(tries: Int) -> Bool {
        let now = ContinuousClock.now
        let start = since.withLock { since in
            if tries == 0 { since = now }
            return since ?? now
        }
        guard now - start < limit else { return false }
        let longest: UInt32 = tries < 8 ? 500 : 4000
        usleep(.random(in: 100...longest))
        return true
    }
}
