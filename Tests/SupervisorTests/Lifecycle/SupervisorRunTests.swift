import Foundation
import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor
@testable import WorkerPool

/// Everything at once: real store, real dispatcher, real pool, real agents, real commands.
@Suite("Supervisor: tasks", .timeLimit(.minutes(8)))
struct SupervisorRunTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func fiftyTasksAllCompleteOnceAndTheirEventsAreInOrder() async throws {
        let test = try await TestSupervisor(in: scratch)
        let before = try await test.submit((0..<25).map { "echo early \($0); echo \($0) >> \(scratch.path)/ran" })
        try await test.run {
            let later = try await test.submit((25..<50).map { "echo late \($0); echo \($0) >> \(scratch.path)/ran" })
            for (index, id) in (before + later).enumerated() {
                let task = try await test.wait(for: id, in: [.complete, .error, .cancelled])
                #expect(task.state == .complete)
                #expect(task.outcome == .succeeded)
                #expect(task.exitCode == 0)
                #expect(task.attempt == 1)
                #expect(try await test.kinds(id) == [.submitted, .claimed, .started, .completed])
                let sequence = try await test.store.events(of: id, after: 0).map(\.sequence)
                #expect(sequence == sequence.sorted())
                #expect(try test.output(id) == "\(index < 25 ? "early" : "late") \(index)\n")
            }
        }
        let ran = try String(contentsOfFile: "\(scratch.path)/ran", encoding: .utf8).split(separator: "\n")
        #expect(ran.compactMap { Int($0) }.sorted() == Array(0..<50))
        #expect(try await test.store.supervisors().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(test.layout.runtimeDirectory)/w") == [])
    }

    @Test func noMoreTasksRunAtOnceThanThereAreWorkers() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 2)
        // Each task counts who is inside while it is.
        let script = """
            mkdir -p \(scratch.path)/in; touch \(scratch.path)/in/$ACODE_TASK_ID
            ls \(scratch.path)/in | wc -l; sleep 0.05; rm \(scratch.path)/in/$ACODE_TASK_ID
            """
        try await test.run {
            let ids = try await test.submit(Array(repeating: script, count: 12))
            // Nor does it lease more than it runs: others could have them.
            var most = 0
            try await eventually("all of them", within: .seconds(60)) {
                let counts = try await test.store.counts()
                most = max(most, counts.filter { $0.state == .inProgress }.map(\.count).reduce(0, +))
                return counts.allSatisfy { $0.state == .complete || $0.count == 0 }
            }
            #expect((1...2).contains(most))
            for id in ids {
                try await test.wait(for: id, in: [.complete])
                #expect(try ["1\n", "2\n"].contains(test.output(id)))
            }
        }
    }

    @Test func aTaskThatFailsIsTriedAgainAsOftenAsItMayAndThenDead() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        try await test.run {
            let retry = RetryPolicy(maxAttempts: 3, backoff: 0.01, maxBackoff: 0.02)
            let id = try await test.submit(["echo try $ACODE_ATTEMPT; exit 3"], retry: retry)[0]
            let task = try await test.wait(for: id, in: [.error, .complete])
            #expect(task.outcome == .failed)
            #expect(task.exitCode == 3)
            #expect(task.failures == 3)
            #expect(
                try await test.kinds(id) == [
                    .submitted, .claimed, .started, .failed, .retryScheduled, .claimed, .started, .failed,
                    .retryScheduled, .claimed, .started, .failed, .deadLettered,
                ])
            for attempt in 1...3 { #expect(try test.output(id, attempt: attempt) == "try \(attempt)\n") }
        }
    }

    @Test func aProgramThatIsMissingFailsFast() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let spec = TaskSpec(command: ["/no/such/program"], retry: RetryPolicy(maxAttempts: 5))
        let id = try await test.store.submit([spec])[0].id
        try await test.run {
            let task = try await test.wait(for: id, in: [.error, .complete])
            #expect(task.outcome == .startFailed)
            #expect(task.exitCode == 127)
            #expect(task.attempt == 1)
            #expect(task.reason?.contains("/no/such/program") == true)
        }
    }

    @Test func aTaskThatRunsTooLongIsStoppedAndSaysSo() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let spec = TaskSpec(command: ["/bin/sh", "-c", "exec sleep 1000"], timeout: 0.3)
        let id = try await test.store.submit([spec])[0].id
        try await test.run {
            let task = try await test.wait(for: id, in: [.error, .complete])
            #expect(task.outcome == .timedOut)
            #expect(task.reason?.contains("0.3 s") == true)
        }
    }

    @Test func theLastProgressIsInTheRecord() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let script = "for p in 10 20 30 47; do \(builtAgent) progress $p step-$p; done"
        let id = try await test.submit([script])[0]
        try await test.run {
            let task = try await test.wait(for: id, in: [.complete, .error])
            #expect(task.state == .complete)
            let progress = try await test.store.events(of: id, after: 0).filter { $0.kind == .progress }
            #expect(progress.last?.message == "step-47")
            #expect(task.progress == 47)
        }
    }

    @Test func secretsReachTheTaskAndNothingElse() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) {
            $0.secrets = ["token": .command(["printf", "hush-hush"])]
        }
        let spec = TaskSpec(
            command: ["/bin/sh", "-c", "wc -c < $ACODE_SECRETS_DIR/token; env"], secrets: ["token"])
        let id = try await test.store.submit([spec])[0].id
        try await test.run {
            try await test.wait(for: id, in: [.complete])
            let output = try test.output(id)
            #expect(output.hasPrefix("9\n"))
            #expect(!output.contains("hush-hush"))
        }
    }

    @Test func aLargeOutputIsCutInTheMiddleAndCounted() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) { $0.logs.maxBytesPerAttempt = 64 << 10 }
        let id = try await test.submit(["seq 1 100000"])[0]
        try await test.run {
            try await test.wait(for: id, in: [.complete])
            let usage = try #require(try await test.store.attempts(of: id).first?.usage)
            let reader = try LogReader(test.layout.log(task: id, attempt: 1))
            #expect(usage.outputBytes == 588_895)
            #expect(Int64(reader.bytes().count) + usage.outputDropped == usage.outputBytes)
            #expect(reader.bytes().starts(with: Array("1\n2\n3\n".utf8)))
            #expect(reader.bytes().suffix(7).elementsEqual(Array("100000\n".utf8)))
        }
    }

    @Test func aOneOffSupervisorEndsWhenAllIsDone() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 2)
        var options = test.supervisor.options
        options.exitsWhenIdle = true
        let supervisor = Supervisor(options: options, store: test.store, layout: test.layout, logger: .silent)
        let ids = try await test.submit(Array(repeating: "true", count: 5))
        try await supervisor.run()
        for id in ids { #expect(try await test.store.task(id)?.state == .complete) }
    }

    /// In the log and for whoever looks on, also when it comes in pieces; what only looks like its beginning stays.
    @Test func aSecretThatATaskPrintsIsMasked() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1) {
            $0.secrets = ["token": .command(["printf", "hush-hush"])]
        }
        let script = """
            printf 'a hush-'; sleep 0.1; printf 'hush b'; cat "$ACODE_SECRETS_DIR/token" >&2; printf ' hush-hus'
            """
        let id = try await test.store.submit([TaskSpec(command: ["sh", "-c", script], secrets: ["token"])])[0].id
        try await test.run { try await test.wait(for: id, in: [.complete, .error]) }
        #expect(try await test.store.task(id)?.outcome == .succeeded)
        let log = try LogReader(test.layout.log(task: id, attempt: 1))
        #expect(String(decoding: log.bytes(), as: UTF8.self) == "a [secret token] b hush-hus")
        #expect(String(decoding: log.bytes(.standardError), as: UTF8.self) == "[secret token]")
    }

    @Test func aLocalWorkerSaysWhatOfATaskItLeavesOut() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let id = try await test.store.submit([TaskSpec(command: ["true"], image: "alpine:3")])[0].id
        try await test.run { try await test.wait(for: id, in: [.complete, .error]) }
        #expect(try await test.store.events(of: id, after: 0).contains { $0.message.contains("alpine:3") })
        #expect(try await test.kinds(id).contains(.started))
    }
}
