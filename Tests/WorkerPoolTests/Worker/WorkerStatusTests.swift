import Testing

@testable import WorkerPool

@Suite("Worker status")
struct WorkerStatusTests {
    /// Every step that exists; all others must not.
    private static let steps: [WorkerStatus: Set<WorkerStatus>] = [
        .provisioning: [.starting, .failed, .stopping],
        .starting: [.idle, .failed, .stopping],
        .idle: [.busy, .draining, .stopping, .unhealthy, .failed],
        .busy: [.idle, .draining, .stopping, .unhealthy, .failed],
        .draining: [.stopping, .unhealthy, .failed],
        .stopping: [.stopped, .failed],
        .stopped: [],
        .unhealthy: [.idle, .busy, .stopping, .failed],
        .failed: [.stopping, .stopped],
    ]

    @Test(arguments: WorkerStatus.allCases, WorkerStatus.allCases)
    func aStepExistsOrNot(from: WorkerStatus, to: WorkerStatus) {
        #expect(from.canBecome(to) == Self.steps[from]?.contains(to))
    }

    @Test(arguments: WorkerStatus.allCases)
    func theEndCanBeReachedFromEverywhere(_ status: WorkerStatus) {
        var reached: Set<WorkerStatus> = [status]
        for _ in WorkerStatus.allCases {
            reached.formUnion(WorkerStatus.allCases.filter { next in reached.contains { $0.canBecome(next) } })
        }
        #expect(reached.contains(.stopped))
    }
}
