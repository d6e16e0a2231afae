internal import ContainerEngine

/// Drains what a container says between its start and its agent's call. After that the agent's socket carries the output,
/// so the stream is closed, which does not disturb the container.
struct StartupOutput: Sendable {
    private let stream: AttachStream

    init(_ stream: AttachStream) { self.stream = stream }

    /// Reads until the agent is connected, the container ends, or the task is cancelled.
    func collect(until link: AgentLink) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await _ in stream {}
                } catch {
                    // A cut stream says nothing about the container; whoever inspects it finds out.
                }
            }
            group.addTask { await link.waitUntilConnected() }
            await group.next()
            group.cancelAll()
        }
    }
}
