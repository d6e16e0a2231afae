internal import AgentProtocol
internal import ContainerEngine
internal import Settings

extension WorkerHealthcheck {
    /// The check that a pool's settings name; `nil` when they name none. The agent's own healthcheck, which the engine runs
    /// for people who look at its list of containers, says nothing that the agent's answers don't say, and fails where a
    /// task has used up the processes or the CPU of its worker.
    init?(
        _ settings: HealthcheckSettings, of container: @escaping @Sendable () -> String?, engine: EngineClient,
        secrets: @escaping @Sendable () async -> [String: [UInt8]]
    ) {
        guard !settings.command.isEmpty else { return nil }
        interval = settings.interval
        let timeout = settings.timeout
        failure = {
            // An engine that does not answer is no trouble of the container.
            guard let id = container(), let report = try? await engine.health(id, timeout: timeout),
                report.status == .unhealthy
            else { return nil }
            // It can read what its task can.
            let output = SecretMasker.masking(report.output, await secrets())
            let words = output.isEmpty ? "" : ": \(output)"
            return "its healthcheck failed \(settings.retries) times in a row\(words)"
        }
    }
}
