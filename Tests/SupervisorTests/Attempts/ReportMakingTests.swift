import AgentProtocol
import TaskModel
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Report of an attempt")
struct ReportMakingTests {
    private static let ref = AttemptRef(taskID: "t", attempt: 1, token: 1)
    private static let usage = ResourceUsage(
        userMicros: 1_500_000, systemMicros: 500_000, maxRSSBytes: 40 << 20, blockIn: 2, blockOut: 4)

    private static var cgroup: CgroupUsage {
        var usage = CgroupUsage()
        (usage.cpuMicros, usage.cpuPeriods, usage.throttledPeriods, usage.throttledMicros) = (2_500_000, 50, 5, 250_000)
        (usage.readBytes, usage.writtenBytes, usage.receivedBytes, usage.sentBytes) = (5000, 6000, 3, 4)
        (usage.memoryPeakBytes, usage.processesPeak, usage.refusedForks) = (60 << 20, 9, 0)
        return usage
    }

    private func report(
        _ cgroup: CgroupUsage?, oomKills: Int? = 0, limits: ResourceLimits? = ResourceLimits(), ownsNetwork: Bool = true
    ) throws -> AttemptReport {
        let exited = Exited(
            attempt: Self.ref, waitStatus: 0, usage: Self.usage, wallMicros: 4_000_000, oomKills: oomKills,
            cgroup: cgroup)
        return try #require(
            AttemptReport(
                ExitRecord(end: .reported(exited)),
                in: .init(limits: limits, timeout: .seconds(60), ownsNetwork: ownsNetwork)))
    }

    @Test func aContainersNumbersAreThoseOfItsCgroup() throws {
        let report = try report(Self.cgroup)
        let used = report.used
        #expect(used.wallSeconds == 4 && used.cpuSeconds == 2.5 && used.memoryPeakBytes == 60 << 20)
        #expect(used.processesPeak == 9 && used.refusedProcesses == 0)
        #expect(used.readBytes == 5000 && used.writtenBytes == 6000 && used.receivedBytes == 3 && used.sentBytes == 4)
        #expect(used.throttledSeconds == 0.25 && used.throttledShare == 0.1)
        let limits = report.limits
        #expect(limits.wallSeconds == 60 && limits.cpus == 1 && limits.memoryBytes == 512 << 20)
        #expect(limits.processes == 100)
    }

    @Test func aLocalProcessHasWhatTheKernelSaysOfItAndNoLimits() throws {
        let report = try report(nil, limits: nil)
        #expect(report.used.cpuSeconds == 2 && report.used.memoryPeakBytes == 40 << 20)
        #expect(report.used.readBytes == 1024 && report.used.writtenBytes == 2048)
        #expect(report.used.processesPeak == nil && report.used.receivedBytes == nil)
        #expect(report.limits.memoryBytes == nil && report.limits.wallSeconds == 60)
    }

    @Test func theLargestProcessCountsWhereNoLookSawMore() throws {
        var cgroup = Self.cgroup
        cgroup.memoryPeakBytes = nil
        #expect(try report(cgroup).used.memoryPeakBytes == 40 << 20)
    }

    @Test func aKillForMemoryMeansThatTheLimitWasReached() throws {
        #expect(try report(Self.cgroup, oomKills: 1).used.memoryPeakBytes == 512 << 20)
        // Somebody else of a shared cgroup.
        #expect(try report(nil, oomKills: 1).used.memoryPeakBytes == 40 << 20)
    }

    @Test func whatTheCgroupDoesNotCountOfTheDiskTheCommandsOwnAccountsDo() throws {
        var cgroup = Self.cgroup
        (cgroup.readBytes, cgroup.writtenBytes) = (0, 0)
        let used = try report(cgroup).used
        #expect(used.readBytes == 1024 && used.writtenBytes == 2048)
    }

    @Test func aLostAttemptHasWhatWasSeenOfIt() throws {
        var measured = AttemptMeasurement(
            of: Self.ref, from: UsageSample(at: .now, cpuNanoseconds: 1_000_000_000, blockWritten: 100))
        for memory in [70, 30] as [UInt64] {
            measured.take(
                UsageSample(
                    at: .now, cpuNanoseconds: 3_500_000_000, memoryBytes: memory << 20, processes: 7, blockWritten: 300,
                    network: .init(received: 8, sent: 9)))
        }
        func report(_ loss: WorkerLoss, _ measured: AttemptMeasurement?) throws -> AttemptReport {
            try #require(
                AttemptReport(
                    ExitRecord(end: .workerLost(loss)),
                    in: .init(
                        limits: ResourceLimits(), timeout: nil, diskPeak: 77, diskLimit: 99, wallSeconds: 12,
                        measured: measured)))
        }
        let used = try report(WorkerLoss(observation: "gone"), measured).used
        #expect(used.wallSeconds == 12 && used.cpuSeconds == 2.5 && used.memoryPeakBytes == 70 << 20)
        #expect(used.processesPeak == 7 && used.writtenBytes == 200 && used.receivedBytes == 8 && used.sentBytes == 9)
        let killed = try report(WorkerLoss(observation: "gone", oomKilled: true), nil)
        #expect(killed.used.memoryPeakBytes == 512 << 20 && killed.used.cpuSeconds == nil)
        #expect(killed.used.diskPeakBytes == 77 && killed.limits.diskBytes == 99 && killed.limits.cpus == 1)
        #expect(LimitAdvice(killed).memoryMb == 640)
    }

    @Test func theHostsTrafficIsNotTheAttempts() throws {
        let used = try report(Self.cgroup, ownsNetwork: false).used
        #expect(used.receivedBytes == nil && used.sentBytes == nil)
    }

    @Test func noPeriodsAreNoThrottling() throws {
        var cgroup = Self.cgroup
        (cgroup.cpuPeriods, cgroup.throttledPeriods) = (0, 0)
        #expect(try report(cgroup).used.throttledShare == 0)
    }

    @Test(
        arguments: [
            .unprovided(WorkerError(.poolClosed, "closed")), .refused(.busy),
            .workerLost(WorkerLoss(observation: "gone")),
            .reported(
                Exited(attempt: ref, startFailure: StartFailure(kind: .notFound, errno: 2, message: "no such thing"))),
        ] as [ExitRecord.End])
    func whatNeverRanHasNoReport(_ end: ExitRecord.End) {
        #expect(AttemptReport(ExitRecord(end: end), in: .init(limits: nil, timeout: nil)) == nil)
    }
}
