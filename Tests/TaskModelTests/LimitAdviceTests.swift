import Testing

@testable import TaskModel

@Suite("Limit advice")
struct LimitAdviceTests {
    private static let mib: Int64 = 1 << 20

    private func report(_ change: (inout AttemptReport) -> Void = { _ in }) -> AttemptReport {
        var limits = AttemptReport.Limits()
        (limits.cpus, limits.memoryBytes, limits.processes) = (1, 512 * Self.mib, 100)
        var used = AttemptReport.Used(wallSeconds: 10, cpuSeconds: 5, memoryPeakBytes: 100 * Self.mib)
        (used.processesPeak, used.refusedProcesses, used.throttledShare) = (8, 0, 0)
        var report = AttemptReport(used: used, limits: limits)
        change(&report)
        return report
    }

    @Test(
        arguments: [
            (0, 16), (mib, 16), (12 * mib, 16), (13 * mib, 32), (100 * mib, 128), (204 * mib, 256), (205 * mib, 320),
            (800 * mib, 1024), (820 * mib, 1280), (6000 * mib, 7680), (8000 * mib, 10_240), (-5, 16),
        ] as [(Int64, Int)])
    func memoryIsThePeakWithRoomInSensibleSteps(peak: Int64, suggested: Int) {
        #expect(LimitAdvice.mebibytes(peak) == suggested)
    }

    @Test(
        arguments: [(0, 10), (1, 10), (8, 10), (9, 20), (79, 100), (80, 100), (81, 150), (400, 500), (401, 600)]
            as [(Int, Int)])
    func processesAreThePeakWithRoom(peak: Int, suggested: Int) {
        #expect(LimitAdvice.processes(peak) == suggested)
    }

    @Test func anAttemptThatNothingHeldBackGetsNoHint() {
        let advice = LimitAdvice(report())
        #expect(advice.memoryMb == 128 && advice.pidsLimit == 10 && advice.cpus == nil && advice.diskMb == nil)
        #expect(advice.hints.isEmpty)
    }

    @Test(arguments: [(1.0, 1.5), (0.5, 1.0), (2.0, 3.0), (1.5, 2.5)])
    func aThrottledAttemptShouldGetMoreCores(limit: Double, suggested: Double) {
        let advice = LimitAdvice(report { ($0.used.throttledShare, $0.limits.cpus) = (0.11, limit) })
        #expect(advice.cpus == suggested)
        #expect(advice.hints == ["the CPU limit held it back in 11 % of the time it wanted to run"])
    }

    @Test func aTenthOfThrottlingIsNoNews() {
        #expect(LimitAdvice(report { $0.used.throttledShare = 0.1 }).cpus == nil)
    }

    @Test func memoryAtItsLimitSaysThatTheNeedIsUnknown() {
        let advice = LimitAdvice(report { $0.used.memoryPeakBytes = 512 * Self.mib })
        #expect(advice.memoryMb == 640)
        #expect(advice.hints.count == 1 && advice.hints[0].contains("real need is unknown"))
    }

    @Test func refusedProcessesAreTold() {
        let advice = LimitAdvice(report { ($0.used.refusedProcesses, $0.used.processesPeak) = (3, 100) })
        #expect(advice.pidsLimit == 150)
        #expect(advice.hints == ["3 new processes or threads were refused at the limit of 100"])
    }

    @Test func withoutALimitThereIsNothingToSuggest() {
        let advice = LimitAdvice(report { ($0.limits, $0.used.throttledShare) = (.init(), 0.9) })
        #expect(advice == LimitAdvice(report { ($0.limits, $0.used.throttledShare) = (.init(), 0) }))
        #expect(advice.memoryMb == nil && advice.cpus == nil && advice.hints.isEmpty)
    }
}
