internal import AgentProtocol
internal import EgressProxy
internal import Logging
internal import Settings
internal import TaskModel

/// A worker's way out, where the pool limits it: a proxy on a socket of the worker's own, so that what is refused is known
/// to be its task's doing.
struct WorkerEgress: Sendable {
    let policy: EgressPolicy
    /// What decides about the addresses that permitted names lead to: a task that may use a name of the pool's need not
    /// list the addresses behind it, which the pool does.
    let addressPolicy: EgressPolicy
    let policyName: String
    let socket: String
    let link: AgentLink
    let logger: Logger

    init(
        profile: WorkerProfile, settings: WorkersSettings, socket: String, link: AgentLink, logger: Logger
    ) {
        policy = Self.policy(of: profile, settings)
        addressPolicy = settings.egress.isRestricted ? settings.egress : policy
        policyName = profile.egress == nil ? EgressPolicy.poolName : EgressPolicy.ownName
        self.socket = socket
        self.link = link
        self.logger = logger
    }

    /// What a worker may reach: its own policy as far as the pool's covers it. The pool's may have been narrowed since the
    /// worker was made.
    static func policy(of profile: WorkerProfile, _ settings: WorkersSettings) -> EgressPolicy {
        profile.egress.map { settings.egressCeiling.limiting($0) } ?? settings.egress
    }

    /// Runs `body` with the proxy beside it. Without a proxy, because it could not listen, the way out is shut.
    func open<Value: Sendable>(during body: () async -> Value) async -> Value {
        guard policy.isRestricted else { return await body() }
        let gate = EgressGate(
            policy: policy, addressPolicy: addressPolicy, policyName: policyName,
            observer: DenialReport(link: link, policyName: policyName), logger: logger)
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
    let policyName: String

    func egressDenied(_ denial: EgressDenied) {
        link.currentObserver?.attemptEgressDenied(
            destination: denial.destination, words: denial.reason.words(policyName))
    }
}
