import Foundation
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

@Suite("Supervisors that never come back", .timeLimit(.minutes(3)))
struct RegistryPassTests {
    private let clock = HandClock()

    private func save(_ name: String, in store: any TaskStore, worker: Bool = false) async throws {
        let id = SupervisorID(rawValue: name)
        try await store.save(
            SupervisorRecord(
                id: id, pool: "p", installation: "i-\(name)", boot: "b", host: "h", pid: 1, startedAt: clock.now(),
                seenAt: clock.now()))
        guard worker else { return }
        try await store.save(
            WorkerRecord(
                id: WorkerID(rawValue: "w-\(name)"), pool: "p", supervisor: id, installation: "i-\(name)", host: "h",
                mode: .docker, profile: "", createdAt: clock.now()))
    }

    @Test func thoseSilentForDaysGoWithTheirWorkersUnlessTheyHaveALease() async throws {
        let scratch = try Scratch()
        let store = try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite", clock: clock)
        _ = try await store.submit([TaskSpec(command: ["true"])])
        _ = try await store.claim(
            ClaimRequest(
                supervisor: SupervisorID(rawValue: "holds"), host: "h", limit: 1, leaseDuration: .seconds(30),
                offersContainers: false))
        for name in ["gone", "holds"] { try await save(name, in: store, worker: true) }
        clock.pass(86_400)
        try await save("switched off", in: store, worker: true)
        clock.pass(6.5 * 86_400)
        try await save("alive", in: store)
        #expect(try await RegistryPass(store: store).run().map(\.rawValue) == ["gone"])
        #expect(Set(try await store.supervisors().map(\.id.rawValue)) == ["holds", "switched off", "alive"])
        #expect(try await store.workers(installation: "i-gone").isEmpty)
        for name in ["holds", "switched off"] { #expect(try await store.workers(installation: "i-\(name)").count == 1) }
    }
}
