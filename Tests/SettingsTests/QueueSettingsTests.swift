import Settings
import Testing

@Suite("Queue settings")
struct QueueSettingsTests {
    @Test("leases, recovery and weights are read")
    func reads() throws {
        let text = """
            queue:
              queues: [urgent, default]
              weights: {urgent: 4}
              maxLease: none
              recovery: off
            """
        let queue = try load(text).settings.queue
        #expect(queue.weights == ["urgent": 4] && queue.maxLease == nil && queue.recovery == .off)
        let environment = [
            "ACODE_QUEUE_WEIGHTS": "a: 2", "ACODE_QUEUE_MAX_LEASE": "5m", "ACODE_QUEUE_RECOVERY": "observe",
        ]
        let variable = try load("", environment: environment).settings.queue
        #expect(variable.weights == ["a": 2] && variable.maxLease == .seconds(300) && variable.recovery == .observe)
        let defaults = QueueSettings()
        #expect(defaults.maxLease == .seconds(7200) && defaults.recovery == .enforce && defaults.weights.isEmpty)
    }

    @Test("a weight of a queue that is not served is worth a word: a flag may have chosen others")
    func needlessWeight() throws {
        let found = try load("queue: {queues: [ab], weights: {abc: 2, ab: 1}}").warnings.map(\.description)
        #expect(found.count == 1 && found[0].contains("queue.weights.abc") && found[0].contains("ab?"), "\(found)")
    }

    @Test("a time-out of none that queue.maxLease limits is worth a word")
    func limitedTimeout() throws {
        let found = try load("queue: {defaultTimeout: none, maxLease: 3h}").warnings.map(\.description)
        #expect(found.count == 1 && found[0].contains("queue.defaultTimeout: is none, but queue.maxLease"), "\(found)")
        #expect(found.allSatisfy { $0.contains("after 3h") })
        #expect(try load("queue: {defaultTimeout: none, maxLease: none}").warnings.isEmpty)
        #expect(try load("queue: {defaultTimeout: 8h}").warnings.isEmpty)
        let short = try load("queue: {maxLease: 30m}").warnings.map(\.description)
        #expect(short.count == 1 && short[0].contains("queue.maxLease: is 30m, but"), "\(short)")
        #expect(try load("queue: {maxLease: 30m, defaultTimeout: 20m}").warnings.isEmpty)
        // What somebody wrote is meant, also where it is what nobody had to write.
        let written = try load("queue: {maxLease: 2h, defaultTimeout: 6h}").warnings.map(\.description)
        #expect(written.count == 1 && written[0].contains("queue.maxLease: is 2h, but"), "\(written)")
        #expect(try load("queue: {maxLease: 2h}").warnings.isEmpty)
    }

    @Test("who declares queues weighs no others")
    func undeclaredWeight() throws {
        let text = "queue: {declared: [ab], queues: [ab], weights: {abc: 2, ab: 1}}"
        #expect(
            try problems(text) == [
                "acode.yaml:1:54: queue.weights.abc: there is no queue abc (did you mean ab?)"
            ])
    }

    @Test(
        "what can't be is told",
        arguments: [
            ("weights: {a: 0}", "expected a whole number from 1 to 1000"), ("weights: [a]", "names of queues"),
            ("weights: {.a: 1}", "is not a possible name"),
            ("recovery: never", "one of off, observe, enforce"), ("maxLease: 0", "expected"),
        ])
    func mistakes(_ line: String, problem: String) {
        do {
            _ = try load("queue:\n  \(line)\n")
            Issue.record("\(line) should be refused")
        } catch {
            #expect("\(error)".contains(problem), "\(error)")
        }
    }
}
