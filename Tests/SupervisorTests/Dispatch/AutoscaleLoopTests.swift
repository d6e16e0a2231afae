import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing

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
}
