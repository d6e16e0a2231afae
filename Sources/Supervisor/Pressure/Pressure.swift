internal import Settings

/// What there was to do at one moment. What could not be measured is `nil`.
struct PressureSample: Sendable, Equatable {
    /// Load average of the last minute for each CPU.
    var cpuLoad: Double?
    /// Percent of the host's memory in use.
    var memory: Double?
    /// Percent in use of the state directory's file system.
    var disk: Double?
    /// Tasks that are due and wait, by queue.
    var queues: [String: Int]?
}

/// Which measures are too high, with hysteresis. Pure.
struct Pressure: Sendable {
    /// What is measured.
    enum Measure: Hashable, Sendable {
        case cpuLoad, memory, disk
        case queue(String)
    }

    /// Whether tasks may be taken after a sample, where that has changed.
    enum Change: Sendable, Equatable {
        case paused
        case resumed
    }

    /// A measure and its levels.
    private struct Gauge: Sendable {
        let measure: Measure
        let mark: Watermark
    }

    private let gauges: [Gauge]
    /// Those above their high mark that have not been down to their low one since, with their last value.
    private(set) var over: [Measure: Double] = [:]

    /// Samples in a row that did not have a measure.
    private var missed: [Measure: Int] = [:]
    /// Whether one task may be taken although a queue is too long.
    private(set) var hasTurn = false

    /// Samples that may miss a measure before what it was last counts no more.
    private static let mostMissed = 3

    init(_ rules: BackpressureSettings) {
        var gauges: [Gauge] = []
        if let mark = rules.cpuLoad { gauges.append(Gauge(measure: .cpuLoad, mark: mark)) }
        if let mark = rules.memory { gauges.append(Gauge(measure: .memory, mark: mark)) }
        if let mark = rules.disk { gauges.append(Gauge(measure: .disk, mark: mark)) }
        for (queue, mark) in rules.queues.sorted(by: { $0.key < $1.key }) {
            gauges.append(Gauge(measure: .queue(queue), mark: mark))
        }
        self.gauges = gauges
    }

    /// Whether no task may be taken.
    var isOver: Bool { !over.isEmpty }

    /// How many tasks are of use to a supervisor that runs so many now.
    ///
    /// Who is to make a queue shorter may wait for one that is served here, and so on in a circle. So while nothing but queues
    /// is too long, one that runs nothing goes on, with one task after each sample but the first.
    func room(running: Int) -> Int {
        guard isOver else { return .max }
        return running == 0 && over.keys.allSatisfy(\.isQueue) ? 1 : 0
    }

    /// As `room`, for who takes them now: then the turn is over until the next sample.
    mutating func takeRoom(running: Int) -> Int {
        let room = room(running: running)
        guard isOver, room > 0 else { return room }
        defer { hasTurn = false }
        return hasTurn ? room : 0
    }

    /// Takes the next sample. What can't be measured for longer than a moment holds up nothing.
    mutating func take(_ sample: PressureSample) -> Change? {
        let wasOver = isOver
        for gauge in gauges {
            guard let value = sample[gauge.measure] else {
                missed[gauge.measure, default: 0] += 1
                if missed[gauge.measure, default: 0] > Self.mostMissed { over[gauge.measure] = nil }
                continue
            }
            missed[gauge.measure] = nil
            let limit = over[gauge.measure] == nil ? gauge.mark.high : gauge.mark.low
            over[gauge.measure] = value > limit ? value : nil
        }
        hasTurn = wasOver && isOver
        return wasOver == isOver ? nil : isOver ? .paused : .resumed
    }

    /// What is too high, a sentence each, in a fixed order.
    var reasons: [String] {
        gauges.compactMap { gauge in
            over[gauge.measure].map { value in
                "\(gauge.measure.words) \(Self.text(value))\(gauge.measure.unit); above \(Self.text(gauge.mark.high)) it "
                    + "pauses, at \(Self.text(gauge.mark.low)) it goes on"
            }
        }
    }

    private static func text(_ value: Double) -> String {
        let hundredths = (value * 100).rounded() / 100
        return hundredths == hundredths.rounded() ? String(Int(hundredths)) : String(hundredths)
    }
}

extension Pressure.Measure {
    /// What it is for metrics, where a queue's name has no place.
    var cause: String {
        switch self {
        case .cpuLoad: "cpu_load"
        case .memory: "memory"
        case .disk: "disk"
        case .queue: "queue_depth"
        }
    }

    fileprivate var isQueue: Bool {
        if case .queue = self { true } else { false }
    }

    fileprivate var words: String {
        switch self {
        case .cpuLoad: "the CPU load is"
        case .memory: "memory is in use to"
        case .disk: "the disk of the state directory is in use to"
        case .queue(let name): "waiting in the queue \(name) are"
        }
    }

    fileprivate var unit: String {
        switch self {
        case .cpuLoad: " for each CPU"
        case .memory, .disk: " %"
        case .queue: " tasks"
        }
    }
}

extension PressureSample {
    fileprivate subscript(measure: Pressure.Measure) -> Double? {
        switch measure {
        case .cpuLoad: cpuLoad
        case .memory: memory
        case .disk: disk
        case .queue(let name): queues.map { Double($0[name] ?? 0) }
        }
    }
}
