import Settings
import Testing

@testable import Supervisor

@Suite("Pressure")
struct PressureTests {
    private static func rules(_ change: (inout BackpressureSettings) -> Void) -> BackpressureSettings {
        var rules = BackpressureSettings()
        change(&rules)
        return rules
    }

    /// With high 2 and low 1: the measure, whether no task is taken then, and whether that is news.
    @Test func pausesAboveTheHighMarkUntilItIsDownToTheLowOne() {
        var pressure = Pressure(Self.rules { $0.cpuLoad = Watermark(high: 2, low: 1) })
        let steps: [(load: Double?, isOver: Bool, change: Pressure.Change?)] = [
            (0.5, false, nil), (2, false, nil), (1.5, false, nil), (2.01, true, .paused), (9, true, nil),
            (1.5, true, nil),
            (1.01, true, nil), (1, false, .resumed), (1.9, false, nil), (3, true, .paused),
            // A moment without an answer changes nothing.
            (nil, true, nil), (nil, true, nil), (nil, true, nil), (1.5, true, nil), (nil, true, nil), (nil, true, nil),
            (nil, true, nil), (nil, false, .resumed), (nil, false, nil), (1.5, false, nil), (nil, false, nil),
            (0, false, nil),
        ]
        for step in steps {
            #expect(pressure.take(PressureSample(cpuLoad: step.load)) == step.change, "\(step)")
            #expect(pressure.isOver == step.isOver, "\(step)")
        }
    }

    @Test func goesOnOnlyWhenNothingIsTooHighAnyMore() {
        var pressure = Pressure(
            Self.rules { rules in
                rules.memory = Watermark(high: 90, low: 80)
                rules.disk = Watermark(high: 95)
                rules.queues = ["b": Watermark(high: 10, low: 5)]
            })
        #expect(pressure.take(PressureSample(cpuLoad: 99, memory: 91, disk: 50, queues: [:])) == .paused)
        #expect(pressure.take(PressureSample(memory: 85, disk: 96, queues: ["b": 11, "c": 999])) == nil)
        #expect(pressure.reasons.count == 3)
        #expect(pressure.take(PressureSample(memory: 80, disk: 86, queues: ["b": 6])) == nil)
        #expect(
            pressure.reasons == [
                "the disk of the state directory is in use to 86 %; above 95 it pauses, at 85.5 it goes on",
                "waiting in the queue b are 6 tasks; above 10 it pauses, at 5 it goes on",
            ])
        #expect(pressure.take(PressureSample(memory: 85, disk: 85.5, queues: ["c": 999])) == .resumed)
        #expect(pressure.reasons.isEmpty)
    }

    /// Two supervisors that each wait for what the other serves.
    @Test func whileOnlyQueuesAreTooLongAnIdleSupervisorTakesOneTaskASample() {
        var pressure = Pressure(
            Self.rules { rules in
                rules.memory = Watermark(high: 90, low: 80)
                rules.queues = ["b": Watermark(high: 10, low: 5)]
            })
        #expect(pressure.room(running: 0) == .max && pressure.takeRoom(running: 9) == .max)
        let long = PressureSample(memory: 50, queues: ["b": 11])
        _ = pressure.take(long)
        #expect(!pressure.hasTurn && pressure.takeRoom(running: 0) == 0)
        _ = pressure.take(long)
        #expect(pressure.hasTurn && pressure.room(running: 0) == 1 && pressure.room(running: 1) == 0)
        #expect(pressure.takeRoom(running: 1) == 0)
        #expect(pressure.takeRoom(running: 0) == 1)
        #expect(!pressure.hasTurn && pressure.takeRoom(running: 0) == 0 && pressure.room(running: 0) == 1)
        _ = pressure.take(long)
        #expect(pressure.takeRoom(running: 0) == 1)
        // Memory is nobody's to wait for.
        _ = pressure.take(PressureSample(memory: 91, queues: ["b": 11]))
        _ = pressure.take(PressureSample(memory: 91, queues: ["b": 11]))
        #expect(pressure.room(running: 0) == 0 && pressure.takeRoom(running: 0) == 0)
        _ = pressure.take(PressureSample(memory: 50, queues: ["b": 5]))
        #expect(pressure.takeRoom(running: 3) == .max)
    }

    @Test func withoutRulesNothingIsTooMuch() {
        var pressure = Pressure(BackpressureSettings())
        #expect(pressure.take(PressureSample(cpuLoad: 1e9, memory: 100, disk: 100, queues: ["a": .max])) == nil)
        #expect(!BackpressureSettings().isOn)
    }

    @Test(
        arguments: [
            ("3.50 1.00 0.50 2/300 4242\n", 2, 1.75), ("0.00 0.00 0.00 1/1 1", 8, 0), ("6.00", 0, 6), ("", 2, nil),
            ("much 1 2", 2, nil),
        ] as [(String, Int, Double?)])
    func readsTheLoad(_ text: String, cpus: Int, load: Double?) {
        #expect(HostPressure.cpuLoad(loadavg: text, cpus: cpus) == load)
    }

    @Test(
        arguments: [
            ("MemTotal:       1000 kB\nMemFree:         10 kB\nMemAvailable:    250 kB\n", 75),
            ("MemTotal: 1000 kB\nMemAvailable: 2000 kB\n", 0), ("MemTotal: 1000 kB\nMemFree: 10 kB\n", nil),
            ("MemTotal: 0 kB\nMemAvailable: 0 kB\n", nil), ("", nil),
        ] as [(String, Double?)])
    func readsTheMemoryInUse(_ text: String, percent: Double?) {
        #expect(HostPressure.memory(meminfo: text) == percent)
    }

    @Test func readsThisHost() throws {
        let sample = HostPressure.sample(stateDirectory: "/tmp")
        #expect(try #require(sample.cpuLoad) >= 0)
        #expect((0.1...100).contains(try #require(sample.memory)))
        #expect((0...100).contains(try #require(sample.disk)))
        #expect(HostPressure.disk(at: "/nonexistent/place") == nil)
    }
}
