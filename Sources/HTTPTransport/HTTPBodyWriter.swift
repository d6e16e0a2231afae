internal import Synchronization

/// The writing end of a request body that is made while it is sent.
///
/// Give it to one request as `.writer`, then write from one task and call `finish` (or `fail`). At most `capacity` bytes
/// wait; a writer waits for room, which comes when the server reads, and is woken when the request ends.
package final class HTTPBodyWriter: Sendable {
    /// What the curl thread gets.
    enum Taken: Equatable { case bytes(Int), wait, failed }

    private struct State {
        var buffer: [UInt8] = []
        var start = 0
        var end: End?
        var isReaderGone = false
        var isReaderWaiting = false
        var writer: CheckedContinuation<Void, Never>?
        var wake: (@Sendable () -> Void)?
        enum End { case finished, failed }

        mutating func takeWriter() -> CheckedContinuation<Void, Never>? {
            defer { writer = nil }
            return writer
        }

        mutating func takeWake() -> (@Sendable () -> Void)? {
            guard isReaderWaiting else { return nil }
            isReaderWaiting = false
            return wake
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// Makes a writer that keeps at most `capacity` bytes.
    package init(capacity: Int = 1 << 20) {
        self.capacity = capacity
    }

    /// Adds bytes, after waiting until less than `capacity` wait.
    ///
    /// - Throws: `cancelled` when the task is cancelled (call `fail` then), `upload_failed` when the request has ended.
    package func write(_ bytes: [UInt8]) async throws(TransportError) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    if state.buffer.count - state.start < capacity || state.isReaderGone || Task.isCancelled {
                        return true
                    }
                    state.writer = continuation
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.takeWriter() }?.resume()
        }
        if Task.isCancelled { throw .cancelled }
        let (isGone, wake) = state.withLock { state in
            guard !state.isReaderGone else { return (true, nil as (@Sendable () -> Void)?) }
            state.buffer.append(contentsOf: bytes)
            return (false, state.takeWake())
        }
        if isGone { throw TransportError(.uploadFailed, "the request ended before its body did") }
        wake?()
    }

    /// The body is complete.
    package func finish() { end(.finished) }

    /// The body can't be completed; the request fails with `upload_failed`.
    package func fail() { end(.failed) }

    private func end(_ end: State.End) {
        let wake = state.withLock { state in
            if state.end == nil { state.end = end }
            return state.takeWake()
        }
        wake?()
    }

    /// What to call, on any thread, when there are bytes again after a `wait`.
    func onWake(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    /// Moves bytes out. On the curl thread.
    func take(into room: UnsafeMutableRawBufferPointer) -> Taken {
        let (taken, writer) = state.withLock { state -> (Taken, CheckedContinuation<Void, Never>?) in
            let count = min(room.count, state.buffer.count - state.start)
            guard count > 0 else {
                switch state.end {
                case .finished: return (.bytes(0), nil)
                case .failed: return (.failed, nil)
                case nil:
                    state.isReaderWaiting = true
                    return (.wait, nil)
                }
            }
            room.copyBytes(from: state.buffer[state.start..<state.start + count])
            state.start += count
            if state.start == state.buffer.count {
                state.buffer.removeAll(keepingCapacity: true)
                state.start = 0
            }
            return (.bytes(count), state.buffer.count - state.start < capacity ? state.takeWriter() : nil)
        }
        writer?.resume()
        return taken
    }

    /// The request ended; writers get an error from now on.
    func readerIsGone() {
        let writer = state.withLock { state in
            state.isReaderGone = true
            state.buffer = []
            state.start = 0
            state.wake = nil
            return state.takeWriter()
        }
        writer?.resume()
    }
}
