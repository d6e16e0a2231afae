package import TaskModel

/// Compares what was to hold a local worker with what the kernel says of its agent. Pure.
package struct LocalReview: Sendable {
    private let confinement: LocalConfinement
    private let limits: ResourceLimits
    private let problem: String?
    private let facts: ProcessFacts

    /// A review of one local worker; `limits` are those in force for its running task, `problem` why it has no cgroup.
    package init(confinement: LocalConfinement, limits: ResourceLimits, problem: String?, facts: ProcessFacts) {
        self.confinement = confinement
        self.limits = limits
        self.problem = problem
        self.facts = facts
    }

    /// Every measure, in the order they are shown.
    package var measures: [SecurityMeasure] {
        let user = facts.user.map(String.init) ?? "?"
        let capabilities = UInt64(facts.status["CapEff"] ?? "", radix: 16)
        return [
            SecurityMeasure(
                "isolation", wanted: "", inForce: "none: a process of this host", .shown,
                "A local worker sees the files, processes and network of this host as its user does."),
            SecurityMeasure("user", wanted: "the supervisor's", inForce: user, .shown),
            SecurityMeasure(
                "capabilities", wanted: "the supervisor's",
                inForce: capabilities == 0 ? "none" : facts.status["CapEff"] ?? "?", .shown),
            SecurityMeasure(
                "new privileges", wanted: "never",
                inForce: facts.status["NoNewPrivs"].map { $0 == "1" ? "never" : "allowed" },
                orElse: "set-user-ID programs of this host work, so a task may become root"),
        ]
            + LimitMeasures.cgroup(
                memory: limits.memoryBytes, hasSwap: false, processes: Int64(limits.pidsLimit), cpus: limits.cpus,
                found: facts.cgroup
            ).map { measure in
                var measure = measure
                if let problem, measure.verdict != .holds {
                    measure.verdict = .missing
                    measure.remark = "\(measure.name): not limited, because \(problem)"
                }
                return measure
            }
            + confinement.ulimits.sorted { $0.key < $1.key }.map {
                LimitMeasures.ulimit($0.key, UInt64($0.value), facts, isAtMost: true)
            }
    }
}
