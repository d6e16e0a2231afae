import AgentProtocol
import Synchronization

@testable import WorkerPool

/// What an attempt said, put together again.
final class Transcript: AttemptObserver {
    struct Content: Sendable {
        var output: [UInt8] = []
        var error: [UInt8] = []
        var lost: UInt64 = 0
        var startedAtNanos: Int64?
        var progress: [String] = []
    }

    private let content = Mutex(Content())
    /// Set by the first output.
    let spoke = OneShot<Void>()

    var all: Content { content.withLock { $0 } }
    var output: String { String(decoding: all.output, as: UTF8.self) }
    var error: String { String(decoding: all.error, as: UTF8.self) }

    func attemptStarted(atNanos: Int64) async { content.withLock { $0.startedAtNanos = atNanos } }

    func attemptOutput(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>, at offset: UInt64) async -> UInt64 {
        content.withLock {
            switch stream {
            case .standardOutput: $0.output += bytes
            case .standardError: $0.error += bytes
            }
        }
        spoke.set(())
        return offset + UInt64(bytes.count)
    }

    func attemptOutputLost(bytes: UInt64, before end: UInt64) async { content.withLock { $0.lost += bytes } }

    func attemptProgress(percent: Double?, message: String?) async {
        content.withLock { $0.progress.append("\(percent.map { String($0) } ?? "-") \(message ?? "-")") }
    }
}
