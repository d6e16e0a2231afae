import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Autoscale: what counts", .timeLimit(.minutes(1)))
struct AutoscaleLoopTests {
    @Test func tasksThatDemandContainersMakeNoPoolOfProcessesLarger() async throws {
        let test = try await TestSupervisor(in: try Scratch(), workers: 1) {
            $0.workers.autoscale.min = 0
            $0.workers.autoscale.max = 4
        }
        var demanding = TaskSpec(command: ["true"])
        demanding.isolation = .container
        _ = try await test.store.submit(Array(repeating: demanding, count: 4))
        try await test.run {
            let id = try await test.submit(["true"])[0]
            try await test.wait(for: id, in: [.complete])
            // It stays as large as it ever was for a minute.
            #expect(test.supervisor.status.slots == 1)
        }
    }

    @Test func itEndsWhenAnotherPoolTakesThePlaceOfItsOwn() async throws {
        let scratch = try Scratch()
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/store.sqlite")
        var rules = AutoscaleSettings()
        rules.max = 4
        try #require(rules.isOn)
        let pool = WorkerPool(
            slots: 0, warmProfile: nil, rules: RestartSettings(), recycle: .never, factory: NoWorkers(),
            observer: PoolLog(logger: .silent, metrics: SupervisorMetrics(), timelines: WorkerTimelines()))
        let loop = AutoscaleLoop(
            store: store, pool: pool, registry: AttemptRegistry(), queues: [], offersContainers: false, rules: rules,
            metrics: SupervisorMetrics(), logger: .silent)
        let hasSuccessor = OneShot<Void>()
        async let life: Void = loop.run(until: hasSuccessor)
        _ = try await store.submit([TaskSpec(command: ["true"])])
        loop.wake()
        try await eventually("the pool to grow") { pool.target > 0 }
        hasSuccessor.set(())
        await life
    }

    private struct NoWorkers: WorkerFactory {
        func makeWorker(profile: WorkerProfile) -> any Worker { fatalError("the pool does not run") }
    }
}
