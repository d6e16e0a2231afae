import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Q-5: dead letters.
    @Suite("Dead letters", .timeLimit(.minutes(3)))
    struct DeadLetters {
        @Test("they are listed with their reason, shown with their history, requeued and purged")
        func life() async throws {
            try await AcodeFixture.with(settings: ["queue.retry.backoff": "50ms"]) { fixture in
                let flag = "\(fixture.scratch)/fixed"
                try await fixture.withSupervisor(.local) { _ in
                    let first = try await fixture.submitScript(
                        "[ -e \(flag) ] || exit 9", ["--retries", "1", "--name", "first", "--queue", "a"])
                    let missing = try await fixture.submit(["--name", "missing", "--queue", "b"], ["no-such-program"])
                    for id in [first, missing] { try await fixture.waitFor(id, state: "error") }

                    let list = try await fixture.json("queue", "dead", "list").elements
                    #expect(list.compactMap { $0["id"].string } == [missing, first])
                    #expect(list[1]["reason"].string?.contains("exited with code 9") == true)
                    let table = try await fixture.acode("queue", "dead").succeeded()
                    for word in ["start_failed", "exited with code 9"] {
                        #expect(table.text.contains(word), "\(table)")
                    }
                    #expect(try await fixture.acode("queue", "dead", "list", "-q", "--queue", "a").lines == [first])

                    let shown = try await fixture.json("queue", "dead", "show", first)
                    #expect(shown["attempts"].elements.map { $0["exitCode"] } == [9, 9])
                    #expect(shown["events"].elements.last?["kind"] == "dead_lettered", "\(shown["events"])")
                    let page = try await fixture.acode("queue", "dead", "show", first).succeeded()
                    #expect(page.text.contains("dead_lettered") && page.text.contains("It failed"), "\(page)")

                    try fixture.write("", to: flag)
                    let again = try await fixture.json("queue", "dead", "requeue", "--reason", "CODE 9")
                    #expect(again["count"] == 1 && again["tasks"][0] == .string(first), "\(again)")
                    try await fixture.waitFor(first, state: "complete")

                    let log = "\(fixture.stateDirectory)/logs/\(missing)"
                    #expect(FileManager.default.fileExists(atPath: log))
                    let young = try await fixture.acode("queue", "dead", "purge", "--older-than", "1h").succeeded()
                    #expect(young.text.isEmpty && young.errorText.contains("no such dead letter"), "\(young)")
                    let purged = try await fixture.acode("queue", "dead", "purge", "--all").succeeded()
                    #expect(purged.text == "\(missing)  purged\n")
                    #expect(!FileManager.default.fileExists(atPath: log))
                    #expect(try await fixture.acode("task", "show", missing).code == 1)
                    #expect(try await fixture.json("queue", "dead").elements.isEmpty)
                }
            }
        }

        @Test("Q-4: failures are limited by the task's own retries, and deliveries whose end nobody knows by the queue")
        func limits() async throws {
            let settings: [String: JSONValue] = ["queue.retry.backoff": "50ms", "queue.maxDeliveries": 2]
            try await AcodeFixture.with(settings: settings) { fixture in
                let tries = "\(fixture.scratch)/tries"
                try await fixture.withSupervisor(.local) { _ in
                    let fails = try await fixture.submitScript(
                        "echo >> \(tries); [ $(wc -l < \(tries)) -ge 5 ]", ["--retries", "5"])
                    let dies = try await fixture.submitScript("kill -9 $PPID; sleep 60", ["--retries", "5"])
                    try await fixture.waitFor(fails, state: "complete")
                    try await fixture.waitFor(dies, state: "error")
                    #expect(try await fixture.task(fails)["attempts"].elements.count == 5)
                    let shown = try await fixture.json("queue", "dead", "show", dies)
                    let outcomes = shown["attempts"].elements.map { $0["outcome"] }
                    #expect(outcomes == ["worker_lost", "worker_lost"], "\(shown)")
                    let why = shown["events"].elements.last?["message"].string
                    #expect(why?.contains("queue.maxDeliveries") == true, "\(shown["events"])")
                }
            }
        }

        @Test("ids that are unknown or no dead letter are told, and then nothing is changed")
        func mistakes() async throws {
            try await AcodeFixture.with { fixture in
                let waiting = try await fixture.submitScript("true")
                for verb in ["show", "requeue", "purge"] {
                    let alive = try await fixture.acode("queue", "dead", verb, waiting)
                    #expect(alive.code == 1 && alive.text.isEmpty, "\(alive)")
                    #expect(alive.errorText.contains("no dead letter: it is enqueued"), "\(alive)")
                    let unknown = try await fixture.acode("queue", "dead", verb, "ffffffff")
                    #expect(unknown.code == 1 && unknown.errorText.contains("there is no task ffffffff"), "\(unknown)")
                    #expect(try await fixture.acode("queue", "dead", verb, "no/id").code == 64)
                }
                let wrong = [
                    ["requeue"], ["purge"], ["purge", "--older-than", "soon"], ["requeue", "--all", waiting],
                    ["purge", "--reason", ""], ["requeue", "--queue", ""],
                ]
                for arguments in wrong {
                    #expect(try await fixture.acode(["queue", "dead"] + arguments).code == 64)
                }
                #expect(try await fixture.task(waiting)["state"] == "enqueued")
            }
        }
    }
}
