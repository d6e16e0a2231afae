import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Autoscale: what counts", .timeLimit(.minutes(3)))
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

    @Test func tasksThatDemandContainersInAFullQueueHideNoOthers() async throws {
        let scratch = try Scratch()
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/store.sqlite")
        var demanding = TaskSpec(command: ["true"])
        (demanding.queue, demanding.isolation) = ("full", .container)
        var other = TaskSpec(command: ["true"])
        other.queue = "open"
        _ = try await store.submit(Array(repeating: demanding, count: 100) + [other])
        _ = try await store.control("full", .limit(1))
        let claimed = try await store.claim(
            ClaimRequest(
                supervisor: SupervisorID(rawValue: "another"), host: "there", queues: ["full"], limit: 1,
                leaseDuration: .seconds(60), offersContainers: true))
        try #require(claimed.count == 1)
        let (pool, loop) = idle(store)
        let hasSuccessor = OneShot<Void>()
        async let life: Void = loop.run(until: hasSuccessor)
        loop.wake()
        let grown: Void? = try? await eventually("the pool to grow", within: .seconds(5)) { pool.target > 0 }
        #expect(grown != nil)
        hasSuccessor.set(())
        await life
    }

    @Test func itGrowsNoFurtherThanThereIsRoom() async throws {
        let scratch = try Scratch()
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/store.sqlite")
        _ = try await store.submit(Array(repeating: TaskSpec(command: ["true"]), count: 4))
        let (pool, loop) = idle(store, room: { 1 })
        let hasSuccessor = OneShot<Void>()
        async let life: Void = loop.run(until: hasSuccessor)
        loop.wake()
        try await eventually("the pool to grow") { pool.target > 0 }
        #expect(pool.target == 1)
        hasSuccessor.set(())
        await life
    }

    /// A loop for a pool of processes that does not run.
    private func idle(
        _ store: any TaskStore, room: @escaping @Sendable () -> Int = { .max }
    ) -> (WorkerPool, AutoscaleLoop) {
        var rules = AutoscaleSettings()
        rules.max = 4
        let pool = WorkerPool(
            slots: 0, warmProfile: nil, rules: RestartSettings(), recycle: .never, factory: NoWorkers(),
            observer: PoolLog(logger: .silent, metrics: SupervisorMetrics(), timelines: WorkerTimelines()))
        let loop = AutoscaleLoop(
            store: store, pool: pool, registry: AttemptRegistry(), queues: [], offersContainers: false, rules: rules,
            metrics: SupervisorMetrics(), logger: .silent, room: room)
        return (pool, loop)
    }

    @Test func itEndsWhenAnotherPoolTakesThePlaceOfItsOwn() async throws {
        let scratch = try Scratch()
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/store.sqlite")
        let (pool, loop) = idle(store)
        let hasSuccessor = OneShot<Void>()
        async let life: Void = loop.run(until: hasSuccessor)
        _ = try await store.submit([TaskSpec(command: ["true"])])
        loop.wake()
        try await eventually("the pool to grow") { pool.target > 0 }
        hasSuccessor.set(())
        await life
    }

    /// For a pool that is never run, so that nobody asks for a worker: if somebody does, the test itself is wrong.
    private struct NoWorkers: WorkerFactory {
        func makeWorker(profile: WorkerProfile) -> any Worker { fatalError("the pool does not run") }
    }
}
