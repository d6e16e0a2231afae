import AgentProtocol
import TaskModel
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Verdict")
struct VerdictTests {
    /// One cause of death and what is made of it.
    struct Row: CustomTestStringConvertible {
        let cause: String
        let record: ExitRecord
        let outcome: TaskOutcome
        let exitCode: Int?
        let failure: FailureClass?
        /// What the reason must say.
        let says: String
        var asksForRetry = false

        init(
            _ cause: String, _ end: ExitRecord.End, stop: StopIntent? = nil, isTold: Bool = false,
            isTermed: Bool = false, _ outcome: TaskOutcome, _ exitCode: Int?, _ failure: FailureClass?, says: String,
            asksForRetry: Bool = false
        ) {
            self.cause = cause
            record = ExitRecord(end: end, stop: stop, isStopAnnounced: isTold, isTerminated: isTermed)
            self.outcome = outcome
            self.exitCode = exitCode
            self.failure = failure
            self.says = says
            self.asksForRetry = asksForRetry
        }

        var testDescription: String { cause }
    }

    private static let ref = AttemptRef(taskID: "t", attempt: 1, token: 1)
    private static let gone = ExitRecord.End.workerLost(WorkerLoss(observation: "it vanished"))
    private static let closed = ExitRecord.End.unprovided(WorkerError(.poolClosed, "closed"))

    private static func code(_ code: Int32, oomKills: Int? = nil, withAgent: Bool = false) -> ExitRecord.End {
        .reported(Exited(attempt: ref, waitStatus: code << 8, oomKills: oomKills, stoppedWithAgent: withAgent))
    }

    private static func refusing(_ forks: Int, _ code: Int32) -> ExitRecord.End {
        var cgroup = CgroupUsage()
        cgroup.refusedForks = forks
        return .reported(Exited(attempt: ref, waitStatus: code << 8, oomKills: 0, cgroup: cgroup))
    }

    private static func signal(
        _ signal: Int32, core: Bool = false, oomKills: Int? = nil, withAgent: Bool = false
    ) -> ExitRecord.End {
        .reported(
            Exited(
                attempt: ref, waitStatus: signal | (core ? 0x80 : 0), oomKills: oomKills, stoppedWithAgent: withAgent))
    }

    private static func start(_ kind: StartFailure.Kind) -> ExitRecord.End {
        .reported(Exited(attempt: ref, startFailure: StartFailure(kind: kind, errno: 2, message: "no such thing")))
    }

    private static func lost(
        code: Int? = nil, oom: Bool = false, engineStopped: Bool = false
    ) -> ExitRecord.End {
        .workerLost(
            WorkerLoss(observation: "it vanished", exitCode: code, oomKilled: oom, engineStopped: engineStopped))
    }

    private static func no(_ code: WorkerError.Code) -> ExitRecord.End { .unprovided(WorkerError(code, "because")) }

    static let byItself: [Row] = [
        Row("exit 0", code(0), .succeeded, 0, nil, says: "exited with code 0"),
        Row("exit 0 after a child was OOM-killed", code(0, oomKills: 1), .succeeded, 0, nil, says: "512 MiB"),
        Row("exit 1", code(1), .failed, 1, .retryable, says: "exited with code 1"),
        Row("exit 255", code(255), .failed, 255, .retryable, says: "code 255"),
        Row("exit 137 of the command's own", code(137), .failed, 137, .retryable, says: "code 137"),
        Row("exit 75", code(75), .failed, 75, .retryable, says: "code 75", asksForRetry: true),
        Row("exit 75 after an OOM", code(75, oomKills: 1), .oomKilled, 75, .retryable, says: "at the memory limit"),
        Row("exit 1 with counters at zero", code(1, oomKills: 0), .failed, 1, .retryable, says: "code 1"),
        Row("exit 1 after an OOM", code(1, oomKills: 1), .oomKilled, 1, .retryable, says: "a process at the memory"),
        Row("many OOMs", code(2, oomKills: 3), .oomKilled, 2, .retryable, says: "3 processes"),
        Row("SIGKILL by the OOM killer", signal(9, oomKills: 1), .oomKilled, 137, .retryable, says: "512 MiB"),
        Row("SIGKILL of nobody's", signal(9), .failed, 137, .retryable, says: "the memory limit may explain it"),
        Row("SIGKILL, no OOM", signal(9, oomKills: 0), .failed, 137, .retryable, says: "does not explain"),
        Row("SIGSEGV with a core", signal(11, core: true), .failed, 139, .retryable, says: "11 (SIGSEGV)"),
        Row("SIGABRT", signal(6), .failed, 134, .retryable, says: "6 (SIGABRT)"),
        Row("SIGTERM from outside", signal(15), .failed, 143, .retryable, says: "15 (SIGTERM)"),
        Row("SIGPIPE", signal(13), .failed, 141, .retryable, says: "13 (SIGPIPE)"),
        Row("a real-time signal", signal(34), .failed, 162, .retryable, says: "signal 34"),
        Row("no program", start(.notFound), .startFailed, 127, .fatal, says: "no such thing"),
        Row("no directory", start(.workingDirectory), .startFailed, 127, .fatal, says: "could not be started"),
        Row("no permission", start(.permissionDenied), .startFailed, 126, .fatal, says: "no such thing"),
        Row("no program text", start(.notExecutable), .startFailed, 126, .fatal, says: "no such thing"),
        Row(
            "processes refused", refusing(7, 2), .failed, 2, .retryable, says: "7 new processes or threads were refused"
        ),
        Row("one process refused", refusing(1, 0), .succeeded, 0, nil, says: "a new process or thread was refused at"),
        Row("no process refused", refusing(0, 2), .failed, 2, .retryable, says: "exited with code 2"),
        Row("another errno", start(.other), .startFailed, 125, .fatal, says: "no such thing"),
    ]

    static let byWorker: [Row] = [
        Row("stopped with its agent", signal(15, withAgent: true), .workerLost, 143, .infrastructure, says: "outside"),
        Row("code with its agent", code(3, withAgent: true), .workerLost, 3, .infrastructure, says: "outside"),
        Row(
            "code 0 with its agent", code(0, withAgent: true), .workerLost, 0, .infrastructure,
            says: "does not say that it was done"),
        Row("agent busy", .refused(.busy), .workerLost, nil, .infrastructure, says: "busy"),
        Row("agent draining", .refused(.draining), .workerLost, nil, .infrastructure, says: "draining"),
        Row("worker vanished", gone, .workerLost, nil, .infrastructure, says: "it vanished"),
        Row("container exited", lost(code: 137), .workerLost, nil, .infrastructure, says: "it vanished"),
        Row("engine restart", lost(engineStopped: true), .workerLost, nil, .infrastructure, says: "engine stopped"),
        Row("container OOM-killed", lost(code: 137, oom: true), .oomKilled, 137, .retryable, says: "whole container"),
        Row("image missing", no(.imageUnavailable), .workerUnavailable, nil, .fatal, says: "because"),
        Row("bad configuration", no(.configurationRefused), .workerUnavailable, nil, .fatal, says: "because"),
        Row("start failed", no(.startFailed), .workerUnavailable, nil, .infrastructure, says: "because"),
        Row("start timed out", no(.startTimedOut), .workerUnavailable, nil, .infrastructure, says: "because"),
        Row("no engine", no(.engineUnavailable), .workerUnavailable, nil, .interrupted, says: "because"),
        Row("host trouble", no(.host), .workerUnavailable, nil, .infrastructure, says: "because"),
        Row("pool closed", closed, .interrupted, nil, .interrupted, says: "before a worker was free"),
        Row("pool replaced", no(.poolReplaced), .interrupted, nil, .interrupted, says: "an engine answered"),
    ]

    private static let timeout = StopIntent.timeout(.seconds(90))

    private static let disk = LimitBreach.disk(usedBytes: (11 << 20) - 5, limitMb: 10)

    static let byUs: [Row] = [
        Row("time-out", signal(15), stop: timeout, .timedOut, 143, .retryable, says: "time-out of 90 s"),
        Row("time-out, killed", signal(9), stop: timeout, .timedOut, 137, .retryable, says: "SIGKILL"),
        Row("time-out, exit 0", code(0), stop: timeout, .timedOut, 0, .retryable, says: "code 0"),
        Row("time-out, OOM", signal(9, oomKills: 1), stop: timeout, .timedOut, 137, .retryable, says: "90 s"),
        Row("time-out, lost", gone, stop: timeout, .timedOut, nil, .retryable, says: "90 s"),
        Row(
            "short time-out", signal(15), stop: .timeout(.milliseconds(1500)), .timedOut, 143, .retryable,
            says: "1.5 s"),
        Row("time-out, fork bomb", refusing(9, 1), stop: timeout, .timedOut, 1, .retryable, says: "9 new processes"),
        Row("disk", signal(9), stop: .limit(disk), .diskLimitExceeded, 137, .retryable, says: "acode killed it at its"),
        Row("disk, lost", gone, stop: .limit(disk), .diskLimitExceeded, nil, .retryable, says: "disk limit"),
        Row(
            "output", signal(15), stop: .limit(.output(limitBytes: 4096)), .outputLimitExceeded, 143, .retryable,
            says: "4096 bytes of output"),
        Row("cancel", signal(15), stop: .cancel("by bob"), .cancelled, 143, nil, says: "cancelled: by bob"),
        Row("cancel, exit 0", code(0), stop: .cancel("x"), .cancelled, 0, nil, says: "code 0"),
        Row("cancel, lost", gone, stop: .cancel("x"), .cancelled, nil, nil, says: "cancelled"),
        Row("cancel while waiting", closed, stop: .cancel("x"), .cancelled, nil, nil, says: "cancelled"),
        Row("shutdown", signal(15), stop: .shutdown, .interrupted, 143, .interrupted, says: "shut down"),
        Row("shutdown, exit 75", code(75), stop: .shutdown, .interrupted, 75, .interrupted, says: "code 75"),
        Row("shutdown, exit 1", code(1), stop: .shutdown, .interrupted, 1, .interrupted, says: "code 1"),
        Row(
            "told to stop, exit 75", code(75), isTold: true, .interrupted, 75, .interrupted, says: "to go on later"),
        Row("told to stop, exit 1", code(1), isTold: true, .failed, 1, .retryable, says: "code 1"),
        Row("told to stop, done", code(0), isTold: true, .succeeded, 0, nil, says: "code 0"),
        Row(
            "told to stop, out of time", code(75), stop: timeout, isTold: true, .timedOut, 75, .retryable, says: "90 s"),
        Row("shutdown, done", code(0), stop: .shutdown, .succeeded, 0, nil, says: "during the shutdown"),
        Row(
            "shutdown, exit 0 after SIGTERM", code(0), stop: .shutdown, isTold: true, isTermed: true, .interrupted, 0,
            .interrupted, says: "exited with code 0 after acode's SIGTERM"),
        Row(
            "shutdown, killed after SIGTERM", signal(9), stop: .shutdown, isTermed: true, .interrupted, 137,
            .interrupted, says: "SIGKILL"),
        Row(
            "time-out, exit 0 after SIGTERM", code(0), stop: timeout, isTermed: true, .timedOut, 0, .retryable,
            says: "90 s"),
        Row("shutdown, lost", gone, stop: .shutdown, .interrupted, nil, .interrupted, says: "shut down"),
        Row("shutdown while waiting", closed, stop: .shutdown, .interrupted, nil, .interrupted, says: "shut down"),
        Row("lease ended", signal(15), stop: .leaseEnded, .timedOut, 143, .retryable, says: "queue.maxLease"),
        Row("lease ended, lost", gone, stop: .leaseEnded, .timedOut, nil, .retryable, says: "--timeout"),
        Row("lease lost", signal(9), stop: .leaseLost, .leaseLost, 137, .infrastructure, says: "another supervisor"),
        Row("lease lost, exit 0", code(0), stop: .leaseLost, .leaseLost, 0, .infrastructure, says: "code 0"),
        Row("lease lost, lost", gone, stop: .leaseLost, .leaseLost, nil, .infrastructure, says: "lease"),
        Row("never started", start(.notFound), stop: .shutdown, .startFailed, 127, .fatal, says: "no such thing"),
    ]

    @Test(arguments: byItself + byWorker + byUs)
    func everyCauseOfDeathHasItsVerdict(_ row: Row) {
        let verdict = Verdict.judge(row.record, limits: ResourceLimits(), mode: .docker)
        #expect(verdict.outcome == row.outcome)
        #expect(verdict.exitCode == row.exitCode)
        #expect(verdict.failure == row.failure)
        #expect(verdict.asksForRetry == row.asksForRetry)
        #expect(verdict.reason.contains(row.says), "\(verdict.reason)")
    }

    @Test(arguments: byItself + byWorker + byUs)
    func theLimitsAreForTheWordsOnly(_ row: Row) {
        var with = Verdict.judge(row.record, limits: ResourceLimits(), mode: .docker)
        let without = Verdict.judge(row.record, limits: nil, mode: .docker)
        // The disk's limit is part of the fact.
        if case .limit = row.record.stop {} else { #expect(!without.reason.contains("MiB")) }
        with.reason = without.reason
        #expect(with == without)
    }

    /// Local workers share their counter with each other and with whoever started the supervisor.
    @Test(
        arguments: [
            (code(1, oomKills: 1), TaskOutcome.failed), (code(137, oomKills: 1), .failed),
            (code(75, oomKills: 2), .failed), (signal(11, oomKills: 1), .failed), (signal(9, oomKills: 1), .oomKilled),
            (signal(9, oomKills: 0), .failed), (signal(9), .failed),
        ] as [(ExitRecord.End, TaskOutcome)])
    func aSharedCounterBlamesOnlyWhatWasKilled(_ end: ExitRecord.End, outcome: TaskOutcome) {
        #expect(Verdict.judge(ExitRecord(end: end), limits: nil, mode: .local).outcome == outcome)
    }

    @Test func aSharedCounterIsNotMentionedInASuccess() {
        let verdict = Verdict.judge(ExitRecord(end: Self.code(0, oomKills: 1)), limits: nil, mode: .local)
        #expect(verdict.outcome == .succeeded)
        #expect(verdict.reason == "exited with code 0")
    }

    /// But that of tasks without an attempt.
    @Test func everyOutcomeCanHappen() {
        let seen = Set((Self.byItself + Self.byWorker + Self.byUs).map(\.outcome))
        #expect(seen == Set(TaskOutcome.allCases).subtracting([.expired]))
    }
}
