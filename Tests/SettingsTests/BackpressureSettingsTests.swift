import Settings
import Testing

@Suite("Backpressure settings")
struct BackpressureSettingsTests {
    @Test("levels are two numbers, one, or off")
    func levels() throws {
        let text = """
            backpressure:
              cpuLoad: {high: 4, low: 2.5}
              memory: 90
              disk: off
              queues: {render: {high: 100, low: 50}, mail: 10}
            """
        let rules = try load(text).settings.backpressure
        #expect(rules.cpuLoad == Watermark(high: 4, low: 2.5))
        #expect(rules.memory == Watermark(high: 90, low: 81))
        #expect(rules.disk == nil)
        #expect(rules.queues == ["render": Watermark(high: 100, low: 50), "mail": Watermark(high: 10, low: 9)])
        let variable = try load("", environment: ["ACODE_BACKPRESSURE_MEMORY": "50"]).settings.backpressure
        #expect(variable.memory == Watermark(high: 50, low: 45))
    }

    @Test(
        "what can't be levels is told",
        arguments: [
            ("memory: 101", "expected a number from 0 to 100"), ("memory: {low: 5}", "high: is missing"),
            ("memory: {high: 5, low: 6}", "must not be more than high, which is 5"),
            ("memory: {high: 5, lo: 4}", "is not a known key"), ("queues: {.x: 5}", "is not a possible name"),
            ("disk: full", "expected a number from 0 to 100"),
        ])
    func mistakes(_ line: String, problem: String) {
        do {
            _ = try load("backpressure:\n  \(line)\n")
            Issue.record("\(line) should be refused")
        } catch {
            #expect("\(error)".contains(problem), "\(error)")
        }
    }

    /// What else is said beside a mark of the queue `render`, and whether there is a warning.
    @Test(
        "a mark of a queue that the supervisor serves itself is worth a word",
        arguments: [
            ("", true), ("queue: {queues: [render, mail]}", true), ("queue: {queues: [mail]}", false),
            ("roles: {a: {queues: [mail]}, b: {queues: [render]}}", false),
            ("roles: {a: {queues: [mail]}, b: {queues: [render]}}\nsupervisor: {role: a}", false),
            ("roles: {a: {queues: [mail]}, b: {queues: [render]}}\nsupervisor: {role: b}", true),
            ("roles: {a: {queues: [render]}, b: {queues: all}, c: {queues: none}}", true),
            ("roles: {c: {queues: none}}", false),
        ])
    func marksOfOwnQueues(_ rest: String, isTold: Bool) throws {
        let found = try load("backpressure: {queues: {render: 10}}\n\(rest)\n").warnings.map(\.description)
        #expect(found.count == (isTold ? 1 : 0), "\(found)")
        #expect(
            found.allSatisfy { $0.hasPrefix("acode.yaml:1:") && $0.contains("backpressure.queues.render: holds up") },
            "\(found)")
    }
}
