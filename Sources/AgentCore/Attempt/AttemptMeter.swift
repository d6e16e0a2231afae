import AgentProtocol

/// Measures one attempt in the container's cgroup: counters at its start and end, looks at its memory and its processes
/// in between. A look costs about 50 µs; they are dense at first, because most attempts are short.
struct AttemptMeter {
    private static let firstLook: Nanos = .milliseconds(20)
    private static let longestPause: Nanos = .milliseconds(500)

    private let counters: CgroupCounters
    private let before: CgroupCounters.Reading
    private var pause = Self.firstLook
    private var memoryPeak: Int64?
    private var processesPeak: Int?
    /// When it wants to look next.
    private(set) var nextLook: Nanos

    /// Begins, unless the cgroup is shared with others.
    init?(_ counters: CgroupCounters, now: Nanos) {
        guard counters.isOwn else { return nil }
        self.counters = counters
        before = counters.reading
        // Those of now and the command's own.
        processesPeak = counters.pids.map { $0 + 1 }
        nextLook = now + Self.firstLook
    }

    /// Looks, when it is time.
    mutating func look(now: Nanos) {
        guard now >= nextLook else { return }
        if let memory = counters.workingSet { memoryPeak = max(memoryPeak ?? 0, memory) }
        if let processes = counters.pids { processesPeak = max(processesPeak ?? 0, processes) }
        pause = min(pause * 2, Self.longestPause)
        nextLook = now + pause
    }

    /// What the attempt used, when nothing of it is left.
    func end() -> CgroupUsage {
        Self.usage(from: before, to: counters.reading, memoryPeak: memoryPeak, processesPeak: processesPeak)
    }

    /// The differences. Pure.
    static func usage(
        from before: CgroupCounters.Reading, to after: CgroupCounters.Reading, memoryPeak: Int64?, processesPeak: Int?
    ) -> CgroupUsage {
        func grown(_ field: KeyPath<CgroupCounters.Reading, Int64?>) -> Int64? {
            guard let first = before[keyPath: field], let last = after[keyPath: field] else { return nil }
            return max(0, last - first)
        }
        var usage = CgroupUsage()
        usage.cpuMicros = grown(\.cpuMicros)
        usage.cpuPeriods = grown(\.cpuPeriods)
        usage.throttledPeriods = grown(\.throttledPeriods)
        usage.throttledMicros = grown(\.throttledMicros)
        usage.readBytes = grown(\.readBytes)
        usage.writtenBytes = grown(\.writtenBytes)
        usage.receivedBytes = grown(\.receivedBytes)
        usage.sentBytes = grown(\.sentBytes)
        usage.refusedForks = grown(\.refusedForks).map { Int($0) }
        usage.memoryPeakBytes = memoryPeak
        // A record that grew was set by this attempt.
        if let first = before.pidsPeak, let last = after.pidsPeak, last > first {
            usage.processesPeak = Int(last)
        } else {
            usage.processesPeak = processesPeak
        }
        return usage
    }
}
