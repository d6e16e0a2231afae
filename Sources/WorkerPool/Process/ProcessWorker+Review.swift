internal import Synchronization

extension ProcessWorker {
    package func review() async throws(WorkerError) -> WorkerReview {
        guard let pid = agentPID else { throw WorkerError(.host, "its agent does not run") }
        guard let facts = await FileThread.shared.run({ ProcessFacts.read(pid: pid) }) else {
            throw WorkerError(.host, "its agent has just ended")
        }
        let (limits, problem) = place.withLock { ($0.limits, $0.problem) }
        let review = LocalReview(confinement: confinement, limits: limits, problem: problem?.words, facts: facts)
        return WorkerReview(pid: pid, measures: review.measures)
    }
}
