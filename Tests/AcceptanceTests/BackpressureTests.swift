import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// R-4: a supervisor that has enough to do takes no tasks, and says so.
    @Suite("Backpressure", .timeLimit(.minutes(3)))
    struct Backpressure {
        @Test("nothing is taken while another queue is too long, until it is short enough")
        func queueDepth() async throws {
            let settings: [String: JSONValue] = [
                "backpressure.interval": "100ms", "backpressure.queues": ["next": ["high": 2, "low": 1]],
                "queue.pollInterval": "60s", "queue.queues": ["first"],
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                var next: [String] = []
                // Who runs nothing would go on.
                let long = try await fixture.submitScript("sleep 60", ["--queue", "first"])
                let counters = SupervisorCounters()
                let end = try await fixture.withSupervisor(.local, counters.options(2)) { _ in
                    try await fixture.waitFor(long, state: "inProgress")
                    for _ in 1...3 { next.append(try await fixture.submitScript("true", ["--queue", "next"])) }
                    try await eventually("the queue to be too long") {
                        try await fixture.acode("worker", "list").errorText.contains("takes no tasks for now")
                    }
                    let id = try await fixture.submitScript("true", ["--queue", "first"])
                    try await eventually("the pause to be told") {
                        try await fixture.acode("worker", "list").errorText.contains(
                            "takes no tasks for now: waiting in the queue next are 3 tasks")
                    }
                    try await fixture.acode("task", "cancel", next[0]).succeeded()
                    // Between the two levels nothing changes.
                    try await eventually("the new length to be seen") {
                        try await fixture.acode("worker", "list").errorText.contains("next are 2 tasks")
                    }
                    let waiting = try await fixture.task(id)
                    #expect(waiting["state"] == "enqueued")
                    #expect(try await counters.value(#"acode_worker_pauses_total{cause="queue_depth"}"#) == 1)
                    #expect(try await counters.value("acode_worker_paused") == 1)
                    #expect(waiting["explanation"].string?.contains("takes no tasks") == true, "\(waiting)")
                    try await fixture.acode("task", "cancel", next[1]).succeeded()
                    try await fixture.waitFor(id, state: "complete")
                    #expect(!(try await fixture.acode("worker", "list").errorText.contains("takes no tasks")))
                    #expect(try await counters.value("acode_worker_paused") == 0)
                    try await fixture.acode("task", "cancel", long).succeeded()
                }
                let said = end.errorText.components(separatedBy: "no tasks are taken").count - 1
                #expect(said == 1, "\(end)")
                #expect(end.errorText.contains("tasks are taken again"))
            }
        }

        @Test("who runs nothing takes a task now and then, so that nobody waits in a circle")
        func circle() async throws {
            let settings: [String: JSONValue] = [
                "backpressure.interval": "100ms", "backpressure.queues": ["next": ["high": 2, "low": 1]],
                "queue.pollInterval": "60s", "queue.queues": ["first"], "workers.autoscale": ["min": 0, "max": 2],
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                var ids: [String] = []
                for _ in 1...3 { _ = try await fixture.submitScript("true", ["--queue", "next"]) }
                for _ in 1...2 { ids.append(try await fixture.submitScript("true", ["--queue", "first"])) }
                try await fixture.withSupervisor(.local) { _ in
                    for id in ids { try await fixture.waitFor(id, state: "complete") }
                    #expect(try await fixture.acode("worker", "list").errorText.contains("takes no tasks for now"))
                }
            }
        }

        @Test("nothing is taken while the disk is too full, until there is room again")
        func disk() async throws {
            let settings: [String: JSONValue] = [
                "backpressure.interval": "100ms", "backpressure.disk": ["high": 70, "low": 50],
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                try await fixture.mountTiny(fixture.stateDirectory, size: "16m")
                let counters = SupervisorCounters()
                try await fixture.withSupervisor(.local, counters.options()) { _ in
                    try await fixture.runScript("true").succeeded()
                    let filler = try fixture.fill(fixture.stateDirectory, bytes: 12 << 20)
                    try await eventually("the pause") {
                        try await fixture.acode("worker", "list").errorText.contains(
                            "the disk of the state directory is in use to")
                    }
                    let id = try await fixture.submitScript("true")
                    try await Task.sleep(for: .milliseconds(500))
                    #expect(try await fixture.task(id)["state"] == "enqueued")
                    #expect(try await counters.value(#"acode_worker_pauses_total{cause="disk"}"#) == 1)
                    try FileManager.default.removeItem(atPath: filler)
                    try await fixture.waitFor(id, state: "complete")
                    #expect(try await counters.value("acode_worker_paused") == 0)
                }
            }
        }

        @Test(
            "a measure above its mark at the start lets no task begin, and says which",
            arguments: [
                ("memory", "memory is in use to", "memory"),
                ("disk", "the disk of the state directory is in use to", "disk"),
                ("cpuLoad", "the CPU load is", "cpu_load"),
            ])
        func atTheStart(setting: String, words: String, cause: String) async throws {
            let settings: [String: JSONValue] = ["backpressure.\(setting)": ["high": 0.0001, "low": 0]]
            try await AcodeFixture.with("backpressure-\(setting)", settings: settings) { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                let id = try await fixture.submitScript("true")
                try await fixture.withSupervisor(.local, options) { _ in
                    let said = try await fixture.acode("worker", "list").errorText
                    #expect(said.contains(words), "\(said)")
                    #expect(try await fixture.task(id)["state"] == "enqueued")
                    let page = try await fixture.acode("task", "show", id)
                    #expect(page.text.contains("takes no tasks for now"), "\(page)")
                    let metrics = try await Curl.get("http://127.0.0.1:\(port)/metrics").body
                    #expect(metrics.contains("acode_worker_pauses_total{cause=\"\(cause)\"} 1\n"), "\(metrics)")
                    #expect(metrics.contains("acode_worker_paused 1\n"))
                }
                #expect(try await fixture.task(id)["attempt"] == 0)
            }
        }
    }
}
