package import ContainerEngine
package import Foundation

/// What the routes ask of a supervisor. All calls come from server tasks; the ones that aren't `async` must not block.
package protocol ControlTarget: Sendable {
    /// What the supervisor is doing.
    func summary() -> SupervisorSummary

    /// Why it can't take tasks now; empty when it can.
    func reasonsNotReady() -> [String]

    /// Its workers.
    func workerSummaries() -> [WorkerSummary]

    /// Everything about a worker, looked at now.
    ///
    /// - Throws: `not_found`, `unavailable`.
    func inspectWorker(_ id: String) async throws(ControlFailure) -> WorkerInspection

    /// A worker's own output up to now, of container and agent, oldest first: the last `tail` lines, or all there is, and
    /// only what came at `since` or later.
    ///
    /// - Throws: `not_found`, `unsupported`, `unavailable`.
    func workerOutput(_ id: String, tail: Int?, since: Date?) async throws(ControlFailure) -> [LogFrame]

    /// A piece of the log of one of this host's attempts, as it is on the disk, from a place in it on; empty at the end of
    /// what is written. `task` is a UUID; `installation` is whose attempt it was, `nil` when that is not known.
    ///
    /// - Throws: `not_found`, or `misdirected` when it was another one's.
    func attemptLog(
        task: String, attempt: Int, offset: Int64, installation: String?
    ) async throws(ControlFailure) -> [UInt8]

    /// Looks for tasks now.
    func wake()

    /// Looks now whether somebody asked for a running task to stop.
    func checkLeases()

    /// Ends the supervisor: gracefully, or at once with `force`.
    func shutDown(force: Bool)

    /// Ends the supervisor when what runs has finished, however long that takes.
    func drain()

    /// Removes what is nobody's of the pool, or only says what would be removed.
    ///
    /// - Throws: `unavailable` when it can't be listed now.
    func collectGarbage(dryRun: Bool) async throws(ControlFailure) -> [GarbageItem]

    /// Gets ready to leave all workers and what they run to another supervisor, and ends soon after it returns.
    ///
    /// - Throws: `unavailable` when it can't within `limit`; then it goes on.
    func handOver(within limit: Duration) async throws(ControlFailure)

    /// Stops one worker; false when there is none with that id.
    func stopWorker(_ id: String, force: Bool) -> Bool

    /// Replaces one worker and forgets the failures of its profile; false when there is none with that id.
    func restartWorker(_ id: String, force: Bool) -> Bool

    /// Replaces every worker and forgets all failures.
    func restartAll(force: Bool)

    /// Changes how many tasks run at once.
    ///
    /// - Throws: `unsupported` when that follows the queues.
    func scale(to count: Int) throws(ControlFailure)

    /// How many tasks are in each state.
    ///
    /// - Throws: `unavailable` when the store can't be read.
    func queueStatus() async throws(ControlFailure) -> QueueStatus

    /// All metrics in Prometheus' text format.
    func metricsText() async -> String
}
