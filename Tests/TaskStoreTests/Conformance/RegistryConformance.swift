import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: supervisors and workers", .timeLimit(.minutes(1)))
struct RegistryConformance {
    @Test(arguments: StoreBackend.all)
    func supervisorsAreSeenByTheStoresClock(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let began = TestClock.start - 5
            var record = SupervisorRecord(
                id: .next(), pool: "pool", host: "höst", pid: 42, startedAt: began, seenAt: .distantPast)
            try await stores[0].save(record)
            record.seenAt = TestClock.start
            #expect(try await stores[1].supervisors() == [record])
            clock.advance(by: 10)
            record.pool = "other"
            try await stores[0].save(record)
            record.seenAt = TestClock.start + 10
            #expect(try await stores[1].supervisors() == [record])
            try await stores[1].remove(supervisor: record.id)
            #expect(try await stores[0].supervisors().isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func workersAreKeptByHost(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            var one = WorkerRecord(
                id: .random(), pool: "p", supervisor: alice, host: "here", mode: .docker,
                containerName: "acode-worker-x", profile: "img, 1 CPU", createdAt: TestClock.start)
            let two = WorkerRecord(
                id: .random(), pool: "p", supervisor: bob, host: "there", mode: .local, profile: "local",
                createdAt: TestClock.start)
            try await store.save(one)
            try await store.save(two)
            one.containerID = "0123abc"
            one.blueprint = "{\"how\":\"so\"}"
            try await store.save(one)
            #expect(try await store.workers(host: "here") == [one])
            #expect(try await store.workers(host: "there") == [two])
            try await store.remove(worker: one.id)
            try await store.remove(worker: one.id)
            #expect(try await store.workers(host: "here").isEmpty)
        }
    }
}
