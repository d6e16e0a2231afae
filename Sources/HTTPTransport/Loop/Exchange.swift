internal import Synchronization

/// What the curl thread and one caller share about one request: head, bytes that wait for the reader, and the end.
///
/// The curl thread calls `receive…` and `finish`; the caller waits and takes. It ends exactly once: the first `finish`
/// wins. One reader at a time.
final class Exchange: Sendable {
    /// What becomes of the body.
    enum Delivery {
        /// Collected up to a limit, handed over when all is there.
        case whole(limit: Int)
        /// Handed over as it comes, with a bound on what waits.
        case stream(bufferLimit: Int)
    }

    /// What the curl thread does with bytes it offered.
    enum Verdict {
        case taken
        case pause
        case tooLarge
        case unwanted
    }

    /// What a caller waits for.
    enum Milestone { case head, bytes, end }

    private struct State {
        var head: HTTPResponseHead?
        var buffer: [UInt8] = []
        var isPaused = false
        var outcome: Result<Void, TransportError>?
        var waiter: (milestone: Milestone, continuation: CheckedContinuation<Void, Never>)?

        func has(_ milestone: Milestone) -> Bool {
            if outcome != nil { return true }
            switch milestone {
            case .head: return head != nil
            case .bytes: return !buffer.isEmpty
            case .end: return false
            }
        }

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            guard let waiter, has(waiter.milestone) else { return nil }
            self.waiter = nil
            return waiter.continuation
        }
    }

    let request: HTTPRequest
    let delivery: Delivery
    private let state = Mutex(State())

    init(_ request: HTTPRequest, delivery: Delivery) {
        self.request = request
        self.delivery = delivery
    }

    // MARK: The curl thread's side

    /// Whether it ended, so that nothing more is wanted.
    var isFinished: Bool { state.withLock { $0.outcome != nil } }

    /// Takes the final head.
    func receive(head: HTTPResponseHead) {
        let waiter = state.withLock { state in
            state.head = head
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Takes bytes of the body, all or none of them.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        let (verdict, waiter) = state.withLock { state -> (Verdict, CheckedContinuation<Void, Never>?) in
            guard state.outcome == nil else { return (.unwanted, nil) }
            switch delivery {
            case .whole(let limit):
                guard state.buffer.count + bytes.count <= limit else { return (.tooLarge, nil) }
            case .stream(let limit):
                guard state.buffer.isEmpty || state.buffer.count + bytes.count <= limit else {
                    state.isPaused = true
                    return (.pause, nil)
                }
            }
            state.buffer.append(contentsOf: bytes)
            return (.taken, state.takeWaiter())
        }
        waiter?.resume()
        return verdict
    }

    /// Ends it. Bytes that wait stay to be read, except after `cancelled`. Returns false when it had ended before.
    @discardableResult
    func finish(_ outcome: Result<Void, TransportError>) -> Bool {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard state.outcome == nil else { return (false, nil) }
            state.outcome = outcome
            if case .failure(let error) = outcome, error.code == .cancelled { state.buffer = [] }
            return (true, state.takeWaiter())
        }
        waiter?.resume()
        return isFirst
    }

    // MARK: The caller's side

    /// Waits for a milestone or the end. `onCancel` runs when the waiting task is cancelled; it must end the exchange.
    func wait(for milestone: Milestone, onCancel: @escaping @Sendable () -> Void) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.has(milestone) { return true }
                    precondition(state.waiter == nil, "an HTTP stream has one reader at a time")
                    state.waiter = (milestone, continuation)
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            onCancel()
        }
    }

    /// The head, or why there is none.
    func takeHead() throws(TransportError) -> HTTPResponseHead {
        try state.withLock { state in
            if let head = state.head { return Result<_, TransportError>.success(head) }
            if case .failure(let error) = state.outcome { return .failure(error) }
            return .failure(TransportError(.noAnswer, "the connection ended without an answer"))
        }.get()
    }

    /// The next bytes, `nil` at the clean end. `resume` is true when the server waits for room that is there again.
    func takeBytes() throws(TransportError) -> (bytes: [UInt8]?, resume: Bool) {
        try state.withLock { state -> Result<([UInt8]?, Bool), TransportError> in
            if !state.buffer.isEmpty {
                defer {
                    state.buffer = []
                    state.isPaused = false
                }
                return .success((state.buffer, state.isPaused))
            }
            switch state.outcome {
            case .failure(let error): return .failure(error)
            case .success, nil: return .success((nil, false))
            }
        }.get()
    }

    /// Head and body of an exchange that ended well, else its error.
    func takeWhole() throws(TransportError) -> HTTPResponse {
        let body = try state.withLock { state -> Result<[UInt8], TransportError> in
            if case .failure(let error) = state.outcome { return .failure(error) }
            defer { state.buffer = [] }
            return .success(state.buffer)
        }.get()
        return HTTPResponse(head: try takeHead(), body: body)
    }
}
