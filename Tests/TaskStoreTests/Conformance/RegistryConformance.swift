import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: supervisors and workers", .timeLimit(.minutes(3)))
struct RegistryConformance {
    @Test(arguments: StoreBackend.all)
    func supervisorsAreSeenByTheStoresClock(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let began = TestClock.start - 5
            var record = SupervisorRecord(
                id: .next(), pool: "pool", installation: "installation", boot: "boot", host: "höst",
                address: "höst:1", pid: 42, startedAt: began, seenAt: .distantPast)
            try await stores[0].save(record)
            record.seenAt = TestClock.start
            #expect(try await stores[1].supervisors() == [record])
            clock.advance(by: 10)
            record.pool = "other"
            record.queues = ["a", "späte"]
            try await stores[0].save(record)
            record.seenAt = TestClock.start + 10
            #expect(try await stores[1].supervisors() == [record])
            try await stores[1].remove(supervisor: record.id)
            #expect(try await stores[0].supervisors().isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func workersAreKeptByInstallation(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            var one = WorkerRecord(
                id: .random(), pool: "p", supervisor: alice, installation: "here", host: "h", mode: .docker,
                containerName: "acode-worker-x", profile: "img, 1 CPU", createdAt: TestClock.start)
            let two = WorkerRecord(
                id: .random(), pool: "p", supervisor: bob, installation: "there", host: "h", mode: .local,
                profile: "local", createdAt: TestClock.start)
            try await store.save(one)
            try await store.save(two)
            one.containerID = "0123abc"
            one.blueprint = "{\"how\":\"so\"}"
            try await store.save(one)
            #expect(try await store.workers(installation: "here") == [one])
            #expect(try await store.workers(installation: "there") == [two])
            var nobodys = two
            (nobodys.id, nobodys.installation) = (.random(), "")
            try await store.save(nobodys)
            #expect(Set(try await store.workers(installation: "here").map(\.id)) == [one.id, nobodys.id])
            try await store.remove(worker: nobodys.id)
            try await store.remove(worker: one.id)
            try await store.remove(worker: one.id)
            #expect(try await store.workers(installation: "here").isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func attemptsRememberTheInstallationOfTheirSupervisor(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let record = SupervisorRecord(
                id: alice, pool: "p", installation: "here", boot: "b", host: "h", pid: 1, startedAt: TestClock.start,
                seenAt: TestClock.start)
            try await stores[0].save(record)
            let ids = try await stores[0].submit([TaskSpec(command: ["a"]), TaskSpec(command: ["b"])]).map(\.id)
            for supervisor in [alice, bob] {
                _ = try await stores[0].claim(
                    ClaimRequest(
                        supervisor: supervisor, host: "h", limit: 1, leaseDuration: .seconds(30),
                        offersContainers: false))
            }
            // Longer than it lives itself, and however often it says so.
            try await stores[0].save(record)
            try await stores[0].remove(supervisor: alice)
            #expect(try await stores[1].attempts(of: ids[0]).map(\.installation) == ["here"])
            #expect(try await stores[1].attempts(of: ids[1]).map(\.installation) == [nil])
        }
    }
}
