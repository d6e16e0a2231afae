internal import CLibPQ
internal import Synchronization
internal import SystemThread

/// Asks the server to end what a session does. libpq's call for it waits for the server without any limit, so it has a
/// thread of its own, which nobody waits for; there are only so many in the whole program.
final class CancelRequest: Sendable {
    private static let underWay = Mutex(0)
    private static let most = 16

    /// Freed by the thread.
    private struct Order: @unchecked Sendable {
        // Safe to share: handed to one thread, which uses it alone.
        let raw: OpaquePointer
    }

    private let done = Mutex(false)

    /// Whether the server has taken it.
    var isDone: Bool { done.withLock { $0 } }

    /// Sends one; returns `nil` when that isn't possible. `wakeup` is signalled once the server has taken it.
    static func send(to session: OpaquePointer, wakeup: Wakeup) -> CancelRequest? {
        let isAdmitted = underWay.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { return nil }
        guard let raw = PQgetCancel(session) else {
            underWay.withLock { $0 -= 1 }
            return nil
        }
        let order = Order(raw: raw)
        let request = CancelRequest()
        let isStarted = spawnDetachedThread(named: "acode-pgcancel") {
            var words = [CChar](repeating: 0, count: 256)
            PQcancel(order.raw, &words, 256)
            PQfreeCancel(order.raw)
            request.done.withLock { $0 = true }
            underWay.withLock { $0 -= 1 }
            wakeup.signal()
        }
        guard !isStarted else { return request }
        PQfreeCancel(raw)
        underWay.withLock { $0 -= 1 }
        return nil
    }
}
