internal import Synchronization
internal import SystemThread

/// A connection of its own that waits for notifications (`LISTEN`), on a thread of its own.
///
/// A connection that breaks is made again, after pauses that grow; one that only seems to be there is found out by asking
/// the server for a sign of life. Both losing and having it again is told, so that nobody waits for a word that can't come.
/// Needs the server itself: a pooler passes no notifications on, and is refused.
package final class PostgresListener: Sendable {
    /// What may be tuned.
    package struct Options: Sendable {
        /// After so long a silence the server is asked for a sign of life.
        package var ping: Duration = .seconds(12)
        /// How long it may take to give one.
        package var pingTimeout: Duration = .seconds(5)
        /// How long one try to connect may take, with all addresses.
        package var connectLimit: Duration = .seconds(15)
        /// Pauses between tries to connect.
        package var backoff = Backoff()
        /// A connection that held so long begins with the shortest pause when it breaks.
        package var steady: Duration = .seconds(5)
        /// What its thread is called; the kernel keeps 15 bytes.
        package var threadName = "acode-listen"

        /// The defaults.
        package init() {}
    }

    private typealias Waiter = CheckedContinuation<PostgresWake?, Never>

    private struct State {
        var box = WakeBox()
        var isConnected = false
        var isClosed = false
        var lastWaiter = 0
        var waiters: [(number: Int, continuation: Waiter)] = []
    }

    private let target: ConnectionTarget
    private let channels: [String]
    private let options: Options
    private let state = Mutex(State())
    private let closing: CancelTicket

    /// Begins to connect to the server. Names of channels are taken as they are written, and have at most 63 bytes.
    package init(_ target: ConnectionTarget, channels: [String], options: Options = Options()) {
        precondition(channels.allSatisfy { (1...63).contains($0.utf8.count) && !$0.utf8.contains(0) })
        self.target = target
        self.channels = channels
        self.options = options
        closing = CancelTicket(Wakeup())
        let work = Work(listener: self)
        if !spawnDetachedThread(named: options.threadName, { work.run() }) {
            tell { $0.lost(PostgresError(.unreachable, "no thread could be started", operation: "listen")) }
        }
    }

    deinit { closing.cancel() }

    /// Whether notifications come at present.
    package var isConnected: Bool { state.withLock { $0.isConnected } }

    /// Waits until there is something to say. Returns `nil` when the listener was closed or the calling task cancelled. For
    /// one caller; of several, each wake goes to one of them.
    package func next() async -> PostgresWake? {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isOver, wake) = state.withLock { state -> (Bool, PostgresWake?) in
                    // A cancellation that came before this lock found nobody to wake.
                    if state.isClosed || Task.isCancelled { return (true, nil) }
                    if let wake = state.box.take() { return (true, wake) }
                    state.waiters.append((number, continuation))
                    return (false, nil)
                }
                if isOver { continuation.resume(returning: wake) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
                return state.waiters.remove(at: index).continuation
            }
            waiter?.resume(returning: nil)
        }
    }

    /// Ends the connection. Returns at once; the thread ends as soon as it has noticed.
    package func close() {
        let waiters = state.withLock { state in
            defer { (state.waiters, state.isClosed, state.isConnected) = ([], true, false) }
            return state.waiters
        }
        closing.cancel()
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }

    private func tell(_ change: (inout WakeBox) -> Void) {
        let waiter = state.withLock { state -> (Waiter, PostgresWake)? in
            guard !state.isClosed else { return nil }
            change(&state.box)
            guard !state.waiters.isEmpty, let wake = state.box.take() else { return nil }
            return (state.waiters.removeFirst().continuation, wake)
        }
        if let (waiter, wake) = waiter { waiter.resume(returning: wake) }
    }

    // MARK: On the thread

    /// Does not keep the listener alive, so that one that is dropped ends its thread.
    private struct Work: Sendable {
        private weak let listener: PostgresListener?
        private let target: ConnectionTarget
        private let channels: [String]
        private let options: Options
        private let closing: CancelTicket

        init(listener: PostgresListener) {
            self.listener = listener
            target = listener.target
            channels = listener.channels
            options = listener.options
            closing = listener.closing
        }

        func run() {
            var backoff = options.backoff
            while !closing.wasCancelled {
                let began = ContinuousClock.now
                let error = listen()
                if .now - began >= options.steady { backoff.reset() }
                set(connected: false)
                listener?.tell { $0.lost(error) }
                closing.sleep(for: backoff.next(jitter: .random(in: 0...1)))
            }
        }

        /// One connection, until it ends; returns why it did.
        private func listen() -> PostgresError {
            do throws(PostgresError) {
                let deadline = ContinuousClock.now + options.connectLimit
                let session = try LibPQConnector.open(target, until: deadline, ticket: closing)
                try session.listen(to: channels, until: deadline, ticket: closing)
                set(connected: true)
                listener?.tell { $0.connected() }
                while true {
                    let hasInput = try session.waitForNotices(until: .now + options.ping, ticket: closing)
                    if !hasInput { try session.ping(until: .now + options.pingTimeout, ticket: closing) }
                    let notices = session.takeNotices()
                    if !notices.isEmpty { listener?.tell { for notice in notices { $0.notified(notice) } } }
                }
            } catch {
                return PostgresError(error.code, error.message, operation: "listen", sqlState: error.sqlState)
            }
        }

        private func set(connected: Bool) {
            listener?.state.withLock { $0.isConnected = connected && !$0.isClosed }
        }
    }
}
