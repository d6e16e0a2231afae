import AgentProtocol
import TaskModel
import Testing

@testable import WorkerPool

@Suite("Usage sample")
struct UsageSampleTests {
    private let start = ContinuousClock.now

    @Test(
        arguments: [
            (1_000_000_000, 1000, 1.0), (500_000_000, 1000, 0.5), (4_000_000_000, 2000, 2.0), (0, 1000, 0.0),
        ] as [(UInt64, Int, Double)])
    func coresAreTimeUsedOverTimePassed(nanoseconds: UInt64, milliseconds: Int, cores: Double) {
        let earlier = UsageSample(at: start, cpuNanoseconds: 7_000)
        let later = UsageSample(
            at: start.advanced(by: .milliseconds(milliseconds)), cpuNanoseconds: 7_000 + nanoseconds)
        #expect(later.cores(since: earlier) == cores)
    }

    /// A container that was started again counts from zero.
    @Test func aCounterThatWentBackIsNoUse() {
        let earlier = UsageSample(at: start, cpuNanoseconds: 100)
        let later = UsageSample(at: start.advanced(by: .seconds(1)), cpuNanoseconds: 50)
        #expect(later.cores(since: earlier) == 0)
    }

    @Test func noTimeOrTimeGoneBackIsNoUse() {
        let sample = UsageSample(at: start, cpuNanoseconds: 100)
        let more = UsageSample(at: start, cpuNanoseconds: 200)
        #expect(more.cores(since: sample) == 0)
        let earlier = UsageSample(at: start.advanced(by: .seconds(-1)), cpuNanoseconds: 300)
        #expect(earlier.cores(since: sample) == 0)
    }
}

@Suite("Usage alarm")
struct UsageAlarmTests {
    @Test func itWarnsOnceAndClearsOnlyWhenUseIsClearlyLower() {
        var alarm = UsageAlarm(percent: 90)
        let shares = [0.0, 0.89, 0.90, 0.95, 1.2, 0.89, 0.80, 0.79, 0.89, 0.9]
        let words = shares.map { alarm.take(share: $0) }
        #expect(words == [nil, nil, .raised, nil, nil, nil, nil, .cleared, nil, .raised])
        #expect(alarm.isRaised)
    }

    @Test func useAroundTheThresholdDoesNotWarnAgainAndAgain() {
        var alarm = UsageAlarm(percent: 90)
        let words = (0..<100).compactMap { alarm.take(share: $0.isMultiple(of: 2) ? 0.91 : 0.85) }
        #expect(words == [.raised])
    }

    @Test func aPatientAlarmWaitsForTwoInARow() {
        var alarm = UsageAlarm(percent: 90, patience: 2)
        let words = [0.95, 0.5, 0.95, 0.96, 0.97, 0.85, 0.95, 0.1, 0.95].map { alarm.take(share: $0) }
        #expect(words == [nil, nil, nil, .raised, nil, nil, nil, .cleared, nil])
    }

    @Test func aMissingLimitIsNoUse() {
        var alarm = UsageAlarm(percent: 90)
        #expect(alarm.take(share: .nan) == nil)
    }
}

@Suite("Usage watch")
struct UsageWatchTests {
    private static let worker = WorkerID(rawValue: "abcdefghijkl")
    private static let first = AttemptRef(taskID: "t", attempt: 1, token: 1)
    private static let second = AttemptRef(taskID: "u", attempt: 1, token: 2)

    private func usage(cpu: Double = 0, memory: UInt64 = 0, processes: Int = 0) -> WorkerUsage {
        WorkerUsage(
            cpuCores: cpu, memoryBytes: memory << 20, memoryLimitBytes: 512 << 20, processes: processes,
            processLimit: 100, blockRead: 0, blockWritten: 0, networkReceived: 0, networkSent: 0, cpuLimitCores: 0.5)
    }

    @Test func eachResourceIsToldWithBothNumbers() {
        var watch = UsageWatch(percent: 90)
        let high = usage(cpu: 0.49, memory: 480, processes: 95)
        let alerts = (0..<2).flatMap { _ in watch.take(high, of: Self.worker, running: Self.first) }
        #expect(
            alerts.map(\.message) == [
                "memory use is high: 94 % of the limit, 480 of 512 MiB",
                "processes use is high: 95 % of the limit, 95 of 100 processes",
                "cpu use is high: 98 % of the limit, 0.49 of 0.5 cores",
            ])
        #expect(alerts.allSatisfy { $0.isHigh && $0.worker == Self.worker && $0.attempt == Self.first })
        #expect(watch.high == [.cpu, .memory, .processes])
        let cleared = watch.take(usage(cpu: 0.1, memory: 100), of: Self.worker, running: Self.first)
        #expect(cleared.map(\.isHigh) == [false, false, false])
        #expect(cleared[1].message == "memory use is down to 20 % of the limit, 100 of 512 MiB")
        #expect(watch.high.isEmpty)
    }

    @Test func theNextAttemptIsWarnedAboutForItself() {
        var watch = UsageWatch(percent: 90)
        let high = usage(memory: 500)
        #expect(watch.take(high, of: Self.worker, running: Self.first).count == 1)
        #expect(watch.take(high, of: Self.worker, running: Self.first).isEmpty)
        #expect(watch.take(high, of: Self.worker, running: Self.second).map(\.attempt) == [Self.second])
    }

    @Test func withoutLimitsThereIsNoAlarm() {
        var watch = UsageWatch(percent: 90)
        var local = usage(cpu: 8, memory: 9000, processes: 900)
        (local.cpuLimitCores, local.memoryLimitBytes, local.processLimit) = (0, 0, 0)
        for _ in 0..<3 { #expect(watch.take(local, of: Self.worker, running: Self.first).isEmpty) }
    }
}

@Suite("Process tree reader")
struct ProcessTreeReaderTests {
    private let now = ContinuousClock.now

    /// 10 → 11 → 12, 10 → 13; 20 is a stranger.
    private var tree: ProcessTreeReader {
        ProcessTreeReader(
            entries: [
                10: .init(parent: 1, ticks: 100, threads: 2, pages: 10),
                11: .init(parent: 10, ticks: 10, threads: 1, pages: 5),
                12: .init(parent: 11, ticks: 1, threads: 1, pages: 1),
                13: .init(parent: 10, ticks: 0, threads: 4, pages: 2),
                20: .init(parent: 1, ticks: 5000, threads: 50, pages: 500),
            ], ticksPerSecond: 100, pageSize: 4096)
    }

    @Test func aWorkerIsItsAgentAndAllBelow() {
        #expect(
            tree.sample(root: 10, at: now)
                == UsageSample(at: now, cpuNanoseconds: 1_110_000_000, memoryBytes: 18 * 4096, processes: 8))
        #expect(tree.sample(root: 99, at: now) == nil)
    }

    @Test func aCommandWithParenthesesAndSpacesIsRead() {
        let line =
            "4242 (a) R 1 (b) S 77 1 1 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 3 0 12345 9999999 250 18446744073709551615 1"
        #expect(
            ProcessTreeReader.parse(line) == ProcessTreeReader.Entry(parent: 77, ticks: 110, threads: 3, pages: 250))
    }

    @Test(arguments: ["", "1 (x", "1 (x) S 1", "1 (x) S one 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0"])
    func aLineCutShortIsNoEntry(_ line: String) {
        #expect(ProcessTreeReader.parse(line) == nil)
    }

    @Test func thisHostsProcessesAreRead() {
        let sample = ProcessTreeReader().sample(root: 1, at: now)
        #expect((sample?.processes ?? 0) > 1)
        #expect((sample?.memoryBytes ?? 0) > 0)
    }
}
