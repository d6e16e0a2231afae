import ControlPlane
import Foundation
import TaskModel
import TaskStore
import Testing

@testable import AcodeCommands

@Suite("Rendering")
struct RenderingTests {
    @Test func columnsAreAlignedAndEmptyCellsShow() {
        let table = Table(
            columns: [.init(title: "id"), .init(title: "code", isRight: true), .init(title: "name")],
            rows: [["a", "1", "x"], ["longer", "137", ""]])
        #expect(table.text(usesColor: false) == "ID      CODE  NAME\na          1  x\nlonger   137  -\n")
    }

    @Test func coloursDoNotShiftColumns() {
        let table = Table(columns: [.init(title: "s"), .init(title: "t")], rows: [[.init("ok", .good), "x"]])
        #expect(table.text(usesColor: true) == "\u{1B}[1mS\u{1B}[0m   \u{1B}[1mT\u{1B}[0m\n\u{1B}[32mok\u{1B}[0m  x\n")
    }

    @Test func namesCantControlTheTerminal() {
        let table = Table(columns: [.init(title: "n")], rows: [[.init("a\u{1B}[2Jb\nc\u{9B}d")]])
        #expect(table.text(usesColor: false) == "N\na [2Jb c d\n")
    }

    @Test func everyFormatOfAListHasItsForm() throws {
        let tasks = [Sample.ended(.error, .failed, code: 3, reason: "exited with code 3")]
        let listing = Listing.tasks(tasks, now: Sample.created + 60)
        #expect(try listing.text(.ids, usesColor: false) == "\(Sample.id)\n")
        let table = try listing.text(.table, usesColor: false)
        #expect(
            table.split(separator: "\n").last
                == "\(Sample.id)  -     error  failed      3  default  1m ago  3.0s  make 'test all'")
        #expect(try Listing.tasks([], now: Sample.created).text(.json, usesColor: false) == "[\n\n]\n")
    }

    @Test func aTaskInJSONHasItsKeysAlwaysAndNulls() throws {
        let data = Data(try StableJSON.encode(TaskSummary(task: Sample.task())))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys).isSuperset(of: [
                "id", "name", "state", "outcome", "exitCode", "reason", "worker", "attempt", "createdAt", "startedAt",
                "finishedAt", "queue", "priority", "command",
            ]))
        #expect(object["outcome"] is NSNull)
        #expect(object["state"] as? String == "enqueued")
        #expect(object["createdAt"] as? String == "2026-11-18T11:06:40.000Z")
        #expect(object["command"] as? [String] == ["make", "test all"])
    }

    @Test func detailsHoldTheSummaryTheSpecificationAndTheAttempts() throws {
        let attempt = TaskAttempt(
            taskID: Sample.id, attempt: 1, supervisor: SupervisorID(rawValue: "s"), host: "h", claimedAt: Sample.created
        )
        let details = TaskDetails(
            task: Sample.task(), attempts: [AttemptSummary(attempt: attempt, log: "/l/1.log")], summary: "It waits.")
        let data = Data(try StableJSON.encode(details))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["id"] as? String == Sample.id.rawValue)
        #expect(object["explanation"] as? String == "It waits.")
        #expect((object["attempts"] as? [[String: Any]])?.first?["log"] as? String == "/l/1.log")
        #expect((object["spec"] as? [String: Any])?["queue"] as? String == "default")
    }

    /// The store's clock is another machine's, and says when an end was written: after an outage long after it was.
    @Test func attemptsTookAsLongAsWasMeasured() {
        var attempt = TaskAttempt(
            taskID: Sample.id, attempt: 1, supervisor: SupervisorID(rawValue: "s"), host: "h", claimedAt: Sample.created
        )
        #expect(AttemptSummary(attempt: attempt).durationSeconds == nil)
        attempt.startedAt = Sample.created
        attempt.finishedAt = Sample.created.addingTimeInterval(100)
        let unseen = AttemptSummary(attempt: attempt)
        #expect(unseen.durationSeconds == 100)
        attempt.report = AttemptReport(used: .init(wallSeconds: 4), limits: .init())
        #expect(AttemptSummary(attempt: attempt).durationSeconds == 4)
        attempt.usage = AttemptUsage(wallSeconds: 3, cpuSeconds: 1, maxResidentBytes: 1, outputBytes: 0)
        let seen = AttemptSummary(attempt: attempt)
        #expect(seen.durationSeconds == 3)
        #expect([unseen, seen].executionSeconds == 103)
    }

    @Test(
        arguments: [
            (0.0004, "0ms"), (0.42, "420ms"), (1, "1.0s"), (3.24, "3.2s"), (42, "42s"), (250, "4m 10s"), (3600, "1h"),
            (7500, "2h 5m"), (273_600, "3d 4h"), (-1, "-"), (.infinity, "-"),
        ] as [(Double, String)])
    func durationsAreReadable(seconds: Double, text: String) { #expect(HumanText.duration(seconds) == text) }

    @Test(
        arguments: [
            (UInt64(0), "0B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1.5KiB"), (20 << 20, "20MiB"),
            (1_048_575, "1MiB"), (.max, "16EiB"),
        ] as [(UInt64, String)])
    func sizesAreReadable(count: UInt64, text: String) { #expect(HumanText.bytes(count) == text) }

    @Test(
        arguments: [
            (["make", "a=b"], "make a=b"), (["sh", "-c", "echo 'x'; exit"], "sh -c 'echo '\\''x'\\''; exit'"),
            (["a", ""], "a ''"),
            (["é"], "é"), (["$HOME"], "'$HOME'"),
        ] as [([String], String)])
    func commandsCanBePastedIntoAShell(words: [String], text: String) { #expect(HumanText.command(words) == text) }

    @Test(
        arguments: [
            (true, false, [:], true), (false, false, [:], false), (true, true, [:], false),
            (true, false, ["NO_COLOR": "1"], false), (true, false, ["NO_COLOR": ""], true),
            (true, false, ["TERM": "dumb"], false),
        ] as [(Bool, Bool, [String: String], Bool)])
    func coloursAreForTerminalsOnly(
        isTerminal: Bool, isForbidden: Bool, environment: [String: String], expected: Bool
    ) {
        #expect(
            Console.mayColor(isTerminal: isTerminal, isForbidden: isForbidden, environment: environment) == expected)
    }

    @Test func queuesShowEveryState() {
        let counts = [
            QueueCount(queue: "b", state: .enqueued, count: 2), QueueCount(queue: "a", state: .error, count: 1),
            QueueCount(queue: "b", state: .complete, count: 5),
        ]
        var all = SupervisorRecord(
            id: SupervisorID(rawValue: "1"), pool: "p", installation: "i", boot: "", host: "h", pid: 1,
            startedAt: Date(), seenAt: Date())
        var some = all
        (some.id, some.queues) = (SupervisorID(rawValue: "2"), ["b", "c"])
        all.queues = []
        let rows = QueueOverview(
            counts: counts, controls: [QueueControl(queue: "b", maxRunning: 3)],
            waits: [QueueWait(queue: "b", longest: .milliseconds(1500))], supervisors: [all, some]
        ).queues
        #expect(rows.map(\.queue) == ["a", "b", "c"])
        #expect(rows.map(\.deadLetters) == [1, 0, 0])
        #expect(rows.map(\.oldestWaitingSeconds) == [nil, 1.5, nil])
        #expect(rows.map(\.maxRunning) == [nil, 3, nil])
        #expect(rows.map { $0.consumers.map(\.supervisor) } == [["1"], ["1", "2"], ["1", "2"]])
        #expect(rows[1].counts["enqueued"] == 2)
        #expect(rows[1].counts["complete"] == 5)
        #expect(rows[1].counts["cancelled"] == 0)
        #expect(rows[1].counts.count == TaskState.allCases.count)
    }

    private static var report: AttemptReport {
        var used = AttemptReport.Used(wallSeconds: 4, cpuSeconds: 3, memoryPeakBytes: 100 << 20)
        used.processesPeak = 12
        used.readBytes = 0
        used.writtenBytes = 4096
        used.throttledSeconds = 1.5
        used.throttledShare = 0.4
        var limits = AttemptReport.Limits()
        (limits.wallSeconds, limits.cpus, limits.memoryBytes, limits.processes) = (60, 1, 512 << 20, 100)
        return AttemptReport(used: used, limits: limits)
    }

    @Test func aReportShowsEachResourceBesideItsLimit() {
        let text = ReportTable(report: Self.report).text(usesColor: false)
        #expect(
            text == """
                RESOURCE        USED   LIMIT  SHARE  SUGGESTED
                time            4.0s      1m    7 %  -
                cpu             3.0s  1 core   75 %  1.5 cores
                memory        100MiB  512MiB   20 %  128MiB
                processes         12     100   12 %  20
                disk read         0B       -      -  -
                disk written    4KiB       -      -  -
                held back       1.5s       -   40 %  -
                the CPU limit held it back in 40 % of the time it wanted to run

                """)
    }

    @Test func aReportInJSONHasItsKeysAlways() throws {
        let data = Data(try StableJSON.encode(ReportSummary(report: Self.report)))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let used = try #require(object["used"] as? [String: Any])
        #expect(used["memoryPeakBytes"] as? Int == 100 << 20)
        #expect(used["receivedBytes"] is NSNull && used.count == 12)
        #expect((object["limits"] as? [String: Any])?["diskBytes"] is NSNull)
        #expect((object["suggested"] as? [String: Any])?["memoryMb"] as? Int == 128)
        #expect((object["hints"] as? [String])?.count == 1)
    }
}
