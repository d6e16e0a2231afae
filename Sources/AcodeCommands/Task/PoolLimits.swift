internal import ControlPlane
internal import Settings
internal import TaskModel

/// What tasks may ask of a pool at most, as its supervisor says. Without a supervisor nobody knows what the pool will be
/// started with, so the check is left to the one that will run the task.
struct PoolLimits {
    /// What a container gets.
    let resources: ContainerResources
    /// Where tasks may connect to.
    let egress: EgressCeiling
    /// The queues the pool serves; empty means all.
    let queues: [String]

    /// The limits of a running pool; `nil` without one, or when its workers are processes that nothing limits.
    init?(_ summary: SupervisorSummary?) {
        guard let summary, let limits = summary.limits else { return nil }
        var resources = ContainerResources()
        resources.limits = ResourceLimits(cpus: limits.cpus, memoryMb: limits.memoryMb, pidsLimit: limits.pidsLimit)
        resources.diskMb = limits.diskMb
        self.resources = resources
        egress = EgressCeiling(
            policy: limits.egress.map { .only($0.compactMap { try? EgressRule($0) }) } ?? .allowAll,
            setting: limits.networkLimit)
        queues = summary.queues
    }

    /// Refuses tasks that ask for more than the pool gives, so that nobody learns it from a dead letter. Tasks of queues
    /// that this pool does not serve are another pool's to judge.
    func check(_ specs: [TaskSpec], isFile: Bool) throws(CommandFailure) {
        var lines: [String] = []
        for (index, spec) in specs.enumerated() where queues.isEmpty || queues.contains(spec.queue) {
            do throws(ResourceRequestError) {
                _ = try resources.granting(spec.resources)
            } catch {
                let place = isFile ? "tasks[\(index)]\(spec.name.map { " (\($0))" } ?? "").resources: " : ""
                lines += error.problems.map { place + $0 }
            }
            if let own = spec.egress, let mistake = egress.mistake(in: own) {
                lines.append(isFile ? "tasks[\(index)]\(spec.name.map { " (\($0))" } ?? ""): \(mistake)" : mistake)
            }
        }
        guard !lines.isEmpty else { return }
        throw CommandFailure(
            isFile ? ExitCodes.configuration : ExitCodes.usage, lines.joined(separator: "\nacode: "),
            hint: "ask for less, or start the pool with more: workers.docker.resources, workers.egress")
    }
}
