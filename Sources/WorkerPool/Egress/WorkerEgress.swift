internal import AgentProtocol
internal import EgressProxy
internal import Logging
internal import TaskModel

/// A worker's way out, where the pool limits it: a proxy on a socket of the worker's own, so that what is refused is known
/// to be its task's doing.
struct WorkerEgress: Sendable {
    let policy: EgressPolicy
    let socket: String
    let link: AgentLink
    let logger: Logger

    /// Runs `body` with the proxy beside it. Without a proxy, because it could not listen, the way out is shut.
    func open<Value: Sendable>(during body: () async -> Value) async -> Value {
        guard policy.isRestricted else { return await body() }
        let gate = EgressGate(policy: policy, observer: DenialReport(link: link), logger: logger)
        return await withDiscardingTaskGroup { group in
            group.addTask {
                do {
                    try await gate.serve(socketPath: socket)
                } catch {
                    if Task.isCancelled { return }
                    logger.error(
                        "a worker's way out can't be served; its tasks reach nothing",
                        metadata: ["socket.path": "\(socket)", "error.message": "\(error)"])
                }
            }
            let value = await body()
            group.cancelAll()
            return value
        }
    }
}

/// Tells the attempt that runs what it was refused.
private struct DenialReport: EgressObserver {
    let link: AgentLink

    func egressDenied(_ denial: EgressDenied) {
        link.currentObserver?.attemptEgressDenied(destination: denial.destination, words: denial.reason.words)
    }
}
