import Glibc
import Synchronization

/// Writes whole lines to a file descriptor without ever making the caller wait for its reader.
///
/// A line goes out at once while the reader keeps up. When it doesn't, lines are kept up to a limit and a thread of its
/// own writes them as the reader takes them; what is over the limit is dropped, counted, and marked with a line where it
/// was dropped. Lines never mix and never change order.
package final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
        var isDraining = false
        /// The reader is gone for good.
        var isBroken = false
    }

    private let descriptor: Int32
    private let limit: Int
    private let marker: @Sendable (Int) -> String
    private let state = Mutex(State())

    /// Makes a writer.
    ///
    /// - Parameters:
    ///   - descriptor: stays open for as long as the writer lives; the writer does not close it.
    ///   - limit: bytes that are kept for a reader that is too slow.
    ///   - marker: the line that tells how many lines were dropped.
    package init(descriptor: Int32, limit: Int = 1 << 20, marker: @escaping @Sendable (Int) -> String) {
        self.descriptor = descriptor
        self.limit = limit
        self.marker = marker
    }

    /// Writes a line, which ends in a line break. Returns at once.
    package func write(_ line: String) {
        let mustDrain = state.withLock { state in
            guard !state.isBroken else { return false }
            var bytes = Array(line.utf8)
            if state.pending.isEmpty, bytes.count <= Int(PIPE_BUF), isWritable(timeout: 0) {
                let written = Glibc.write(descriptor, bytes, bytes.count)
                if written == bytes.count { return false }
                if written > 0 { bytes.removeFirst(written) }
            }
            keep(bytes, &state)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustDrain { startDraining() }
    }

    /// Waits until everything is written, but not longer than `timeout`. Blocks; meant for the end of a process.
    ///
    /// - Returns: whether everything was written.
    package func flush(timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while state.withLock({ $0.isDraining }) {
            guard ContinuousClock.now < deadline else { return false }
            usleep(1000)
        }
        return true
    }

    private func keep(_ bytes: [UInt8], _ state: inout State) {
        guard state.pending.count + bytes.count <= limit else {
            state.dropped += 1
            return
        }
        if state.dropped > 0 {
            state.pending += Array(marker(state.dropped).utf8)
            state.dropped = 0
        }
        state.pending += bytes
    }

    /// Readers that accept a write of up to `PIPE_BUF` bytes without a wait say so in poll.
    private func isWritable(timeout: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, timeout) == 1
    }

    private func startDraining() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<LogWriter>.fromOpaque(context).takeRetainedValue().drain()
                return nil
            }, context.toOpaque())
        if result == 0 {
            pthread_detach(thread)
        } else {
            // Without a thread the next line tries again.
            context.release()
            state.withLock { $0.isDraining = false }
        }
    }

    /// Writes what is kept and ends when nothing is left. Runs on a thread of its own, because it waits for the reader.
    private func drain() {
        while let chunk = nextChunk() {
            var offset = 0
            while offset < chunk.count {
                let written = chunk[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if written > 0 {
                    offset += written
                } else if written < 0, errno == EAGAIN {
                    _ = isWritable(timeout: 1000)
                } else if written < 0, errno != EINTR {
                    state.withLock { $0 = State(isBroken: true) }
                    return
                }
            }
            state.withLock { $0.pending.removeFirst(chunk.count) }
        }
    }

    private func nextChunk() -> [UInt8]? {
        state.withLock { state in
            if state.pending.isEmpty, state.dropped > 0 {
                state.pending = Array(marker(state.dropped).utf8)
                state.dropped = 0
            }
            if state.pending.isEmpty {
                state.isDraining = false
                return nil
            }
            // What is being written stays in `pending`, so that no later line overtakes it.
            return Array(state.pending.prefix(64 << 10))
        }
    }
}
