import CAgentSystem
import Glibc

/// The agent's own standard output or error, which never makes it wait.
final class TeeSink {
    /// Where it writes; nil when that is closed for good.
    private(set) var descriptor: Descriptor?
    private var buffer = TeeBuffer()

    /// Opens the stream behind descriptor `number` a second time, without blocking.
    ///
    /// Setting the flag on the descriptor itself would set it for whoever shares it, such as a terminal's shell. That is
    /// only done when it can't be opened again (a socket, another user's pipe), where the container owns it anyway.
    init(_ number: Int32) {
        let again = open("/proc/self/fd/\(number)", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_APPEND)
        if again >= 0 {
            descriptor = Descriptor(again)
        } else {
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
            guard copy >= 0 else { return }
            cagent_set_nonblocking(copy)
            descriptor = Descriptor(copy)
        }
    }

    /// Whether the source may go on.
    var accepts: Bool { descriptor == nil || buffer.accepts }
    /// Whether bytes wait for the reader.
    var isWaiting: Bool { descriptor != nil && buffer.count > 0 }
    /// When it wants `tick` to be called.
    var deadline: Nanos? { descriptor == nil ? nil : buffer.deadline }

    /// Writes what the reader takes now, keeps the rest.
    func offer(_ bytes: UnsafeRawBufferPointer, now: Nanos) {
        guard let descriptor else { return }
        var rest = bytes
        while buffer.count == 0, !rest.isEmpty {
            switch descriptor.write(rest) {
            case .bytes(let count): rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            case .wouldBlock: return buffer.append(rest, now: now)
            case .ended, .failed: return close()
            }
        }
        buffer.append(rest, now: now)
    }

    /// Writes on.
    func flush(now: Nanos) {
        guard let descriptor else { return }
        while buffer.count > 0 {
            switch buffer.withBytes({ descriptor.write($0) }) {
            case .bytes(let count): buffer.remove(count, now: now)
            case .wouldBlock: return
            case .ended, .failed: return close()
            }
        }
    }

    /// Lets time pass.
    func tick(now: Nanos) {
        buffer.tick(now: now)
    }

    private func close() {
        descriptor = nil
        buffer = TeeBuffer()
    }
}
