import TaskModel
import TaskStore
import Testing

/// Two supervisors for tests that don't care who they are.
let alice = SupervisorID(rawValue: "alice")
let bob = SupervisorID(rawValue: "bob")

/// A command that nobody runs.
func spec(
    _ name: String = "task", queue: String = TaskSpec.defaultQueue, priority: Int = 0, delay: Double = 0,
    image: String? = nil, isolation: Isolation = .any
) -> TaskSpec {
    TaskSpec(
        name: name, command: ["true"], image: image, queue: queue, priority: priority, delay: delay,
        isolation: isolation)
}

extension AttemptResult {
    static let success = AttemptResult(outcome: .succeeded, exitCode: 0, reason: "exit 0", disposition: .complete)

    static func failure(_ disposition: Disposition) -> AttemptResult {
        AttemptResult(outcome: .failed, exitCode: 3, reason: "exit 3", disposition: disposition)
    }

    static let interruption = AttemptResult(
        outcome: .interrupted, reason: "shutdown", disposition: .abandon(delay: 0, countsAsDelivery: false))
}

extension TaskStore {
    func claim(
        _ limit: Int = 1, by supervisor: SupervisorID = alice, queues: [String] = [], containers: Bool = true,
        lease: Duration = .seconds(30), images: ImageChoice = .any, longest: LongestLease? = nil,
        turns: QueueTurns? = nil
    ) async throws(StoreError) -> [ClaimedTask] {
        try await claim(
            ClaimRequest(
                supervisor: supervisor, host: "host", queues: queues, limit: limit, leaseDuration: lease,
                offersContainers: containers, images: images, longest: longest, turns: turns))
    }

    func recoverExpired(maxDeliveries: Int) async throws(StoreError) -> [TaskID] {
        try await recoverExpired(maxDeliveries: maxDeliveries, sparing: []).map(\.task)
    }

    func finish(_ lease: Lease, _ result: AttemptResult) async throws(StoreError) -> Bool {
        try await finish([(lease: lease, result: result)]).contains(lease)
    }

    func kinds(_ id: TaskID) async throws(StoreError) -> [TaskEvent.Kind] {
        try await events(of: id, after: 0).map(\.kind)
    }

    func names(_ claimed: [ClaimedTask]) -> [String] { claimed.map { $0.task.spec.name ?? "" } }

    /// Counts as a table, without the queue.
    func tally() async throws(StoreError) -> [TaskState: Int] {
        try await counts().reduce(into: [:]) { $0[$1.state, default: 0] += $1.count }
    }
}

/// The code of the error that `body` throws, `nil` when it throws none.
func failureCode(_ body: () async throws -> Void) async -> StoreError.Code? {
    do {
        try await body()
        return nil
    } catch let error as StoreError { return error.code } catch {
        Issue.record(error)
        return nil
    }
}
