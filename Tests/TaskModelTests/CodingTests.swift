import Foundation
import TaskModel
import Testing

@Suite("JSON of the task model")
struct CodingTests {
    private func keys(_ value: some Encodable) throws -> Set<String> {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        return Set(try #require(object as? [String: Any]).keys)
    }

    private static var task: QueuedTask {
        var task = QueuedTask(
            id: .next(), spec: TaskSpec(name: "n", command: ["true"], delay: 5),
            createdAt: Date(timeIntervalSince1970: 1000))
        task.outcome = .oomKilled
        task.exitCode = 137
        task.reason = "r"
        task.worker = .random()
        task.progress = 1
        task.startedAt = task.createdAt
        task.finishedAt = task.createdAt
        return task
    }

    @Test func fieldsOfATaskAreCamelCase() throws {
        #expect(
            try keys(Self.task) == [
                "id", "spec", "state", "outcome", "exitCode", "reason", "worker", "attempt", "deliveries",
                "failures", "interruptions", "cancelRequested", "progress", "createdAt", "runAt", "startedAt",
                "finishedAt",
            ])
    }

    @Test func valuesSurviveTheJourney() throws {
        let data = try JSONEncoder().encode(Self.task)
        let decoded = try JSONDecoder().decode(QueuedTask.self, from: data)
        #expect(try JSONDecoder().decode(QueuedTask.self, from: JSONEncoder().encode(decoded)) == decoded)
        #expect(decoded.state == .pending)
        #expect(decoded.runAt == Date(timeIntervalSince1970: 1005))
    }

    @Test func wordsAreStable() {
        #expect(
            TaskState.allCases.map(\.rawValue) == [
                "pending", "enqueued", "inProgress", "enqueuedForOrchestration", "complete", "error", "cancelled",
                "resolvedManually",
            ])
        #expect(
            TaskOutcome.allCases.map(\.rawValue) == [
                "succeeded", "failed", "oom_killed", "disk_limit_exceeded", "output_limit_exceeded", "timed_out",
                "cancelled", "interrupted", "start_failed",
                "worker_unavailable", "worker_lost", "expired", "lease_lost",
            ])
        #expect(
            TaskState.allCases.filter(\.isTerminal) == [.complete, .error, .cancelled, .resolvedManually])
    }
}
