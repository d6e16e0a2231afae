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
}
