internal import ContainerEngine
internal import Synchronization

/// What a container says between its start and its agent's call, for the reason of a start that fails. After that the
/// agent's socket carries the output, so the stream is closed, which does not disturb the container.
final class StartupOutput: Sendable {
    private let tail = Mutex<[UInt8]>([])
    private static let limit = 4096

    /// The last output so far, without white space around it.
    var lastWords: String {
        let text = String(decoding: tail.withLock { $0 }, as: UTF8.self)
        return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// Reads until the agent is connected, the container ends, or the task is cancelled.
    func collect(_ stream: AttachStream, until link: AgentLink) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await frame in stream { self.keep(frame.bytes) }
                } catch {
                    // A cut stream says nothing about the container; whoever inspects it finds out.
                }
            }
            group.addTask { await link.waitUntilConnected() }
            await group.next()
            group.cancelAll()
        }
    }

    private func keep(_ bytes: some Collection<UInt8>) {
        tail.withLock { tail in
            tail += bytes
            if tail.count > Self.limit { tail.removeFirst(tail.count - Self.limit) }
        }
    }
}
