import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Design decision 10: disks that are full.
    @Suite("Full disk", .timeLimit(.minutes(3)))
    struct FullDisk {
        @Test("logs that don't fit cost no task; the loss is counted and told", arguments: Backend.all)
        func logs(_ backend: Backend) async throws {
            try await AcodeFixture.with("full-disk-\(backend)") { fixture in
                try await fixture.mountTiny("\(fixture.stateDirectory)/logs", size: "1m")
                try await fixture.withSupervisor(backend) { _ in
                    let lines = 50_000
                    let id = try await fixture.submitScript(
                        "awk 'BEGIN { for (i = 1; i <= \(lines); i++) printf \"%098d\\n\", i }'; echo the end >&2")
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["outcome"] == "succeeded" && task["exitCode"] == 0)
                    let total = lines * 99 + "the end\n".utf8.count
                    let usage = task["attempts"][0]["usage"]
                    #expect(usage["outputBytes"] == total)
                    let dropped = try #require(usage["outputDropped"].int)
                    #expect(dropped > total - (1 << 20) && dropped < total)
                    let reason = try #require(task["reason"].string)
                    #expect(reason.contains("\(dropped) bytes"))
                    #expect(reason.lowercased().contains("no space left"))
                    let log = try await fixture.acode("task", "logs", id)
                    let first = String(repeating: "0", count: 97) + "1"
                    let beginsWell = log.lines.first == first
                    #expect(beginsWell)
                    // What is there and what is missing make the whole, and the log says where something is missing.
                    let kept = log.output.count + (log.errorText.contains("the end\n") ? 8 : 0)
                    #expect(kept + dropped == total)
                    let marker = /(\d+) bytes of output are missing here/
                    let marked = log.errorText.matches(of: marker).reduce(0) { $0 + (Int($1.1) ?? 0) }
                    // The last mark may not fit on the full disk either; then nothing may follow the gap.
                    let isMarked = marked == dropped || (marked < dropped && !log.errorText.hasSuffix("the end\n"))
                    #expect(isMarked, "\(marked) of \(dropped) bytes are marked, and the log goes on after them")
                    // The next task runs all the same, also when not even its log's directory can be made.
                    #expect(try await fixture.submitAndWait([], ["true"]).code == 0)
                }
            }
        }

        @Test("an end that neither the store nor the disk takes is told, and its task runs again")
        func nowhere() async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "2s", "queue.heartbeat": "200ms", "queue.sweepInterval": "200ms",
                "queue.retry.backoff": "50ms", "queue.maxDeliveries": 100,
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                let tries = "\(fixture.scratch)/tries"
                try await fixture.withSupervisor(.local) { supervisor in
                    try await fixture.sqlite(
                        """
                        CREATE TRIGGER deaf BEFORE UPDATE ON task_state WHEN NEW.outcome = 'succeeded'
                        BEGIN SELECT RAISE(ABORT, 'deaf'); END
                        """)
                    try await fixture.mountTiny(
                        "\(fixture.stateDirectory)/results", size: "1m", isReadOnly: true)
                    let id = try await fixture.submitScript("echo >> \(tries)", ["--retries", "0"])
                    try await eventually("the loss to be told", within: .seconds(40)) {
                        let events = try await fixture.json("task", "events", id).elements
                        return events.contains {
                            $0["message"].string?.contains("neither be recorded nor kept (succeeded") == true
                        }
                    }
                    try await fixture.sqlite("DROP TRIGGER deaf")
                    let task = try await fixture.waitFor(id, state: "complete")
                    let outcomes = task["attempts"].elements.compactMap { $0["outcome"].string }
                    #expect(outcomes.first == "lease_lost" && outcomes.last == "succeeded", "\(task)")
                    let ran = try String(contentsOfFile: tries, encoding: .utf8).count
                    #expect(ran == outcomes.count)
                    let told = "the end of an attempt could not be recorded; the task will run again"
                    #expect(supervisor.process.errorText.contains(told), "\(supervisor.process.errorText)")
                }
            }
        }

        @Test("an end that the store's disk has no room for is kept on another one, and written when there is room")
        func end() async throws {
            let settings: [String: JSONValue] = ["queue.lease": "10m", "queue.heartbeat": "500ms"]
            try await AcodeFixture.with(settings: settings) { fixture in
                let results = "\(fixture.stateDirectory)/results"
                try await fixture.mountTiny(fixture.stateDirectory, size: "4m")
                try await fixture.mountTiny(results, size: "1m")
                func kept() -> Int {
                    let names = try? FileManager.default.contentsOfDirectory(atPath: "\(results)/\(fixture.pool)")
                    return (names ?? []).count { $0.hasSuffix(".json") }
                }
                try await fixture.withSupervisor(.local) { _ in
                    let go = "\(fixture.scratch)/go"
                    let id = try await fixture.submitScript(
                        "echo begun; until [ -e \(go) ]; do sleep 0.02; done", ["--retries", "0"])
                    try await fixture.waitFor(id, toPrint: "begun")
                    let filler = try fixture.fill(fixture.stateDirectory)
                    try fixture.write("", to: go)
                    try await eventually("the end to be kept") { kept() == 1 }
                    #expect(try await fixture.task(id)["state"] == "inProgress")
                    try FileManager.default.removeItem(atPath: filler)
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1, "\(task)")
                    try await eventually("nothing to be kept any more") { kept() == 0 }
                }
            }
        }

        @Test("a store on a full disk: commands say so and nothing hangs")
        func store() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.mountTiny(fixture.stateDirectory, size: "1m")
                let text = String(repeating: "x", count: 900_000)
                let input = try fixture.file("big", text)
                var last: FinishedProcess?
                for _ in 1...5 {
                    last = try await fixture.acode("task", "submit", "--stdin-file", input, "--", "cat")
                    if last?.code != 0 { break }
                }
                let refused = try #require(last)
                #expect(refused.code == 69)
                #expect(refused.errorText.lowercased().contains("full"))
            }
        }
    }
}
