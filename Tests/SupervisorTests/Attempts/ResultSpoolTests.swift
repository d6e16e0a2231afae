import Foundation
import Glibc
import TaskModel
import TestSupport
import Testing

@testable import Supervisor

@Suite("Result spool", .timeLimit(.minutes(3)))
struct ResultSpoolTests {
    private let scratch: Scratch
    private let spool: ResultSpool

    init() throws {
        scratch = try Scratch()
        spool = ResultSpool(directory: scratch.path)
    }

    private func entry(_ task: String, reason: String = "exited with code 0") -> ResultSpool.Entry {
        var report = AttemptReport(used: .init(wallSeconds: .infinity), limits: .init())
        report.used.cpuSeconds = 1.5
        return .init(
            lease: Lease(taskID: TaskID(rawValue: task), attempt: 2, token: .min),
            result: AttemptResult(
                outcome: .failed, exitCode: 3, reason: reason, report: report, worker: .random(),
                startedAt: Date(timeIntervalSince1970: 1_700_000_000.25), disposition: .retry(delay: 1.5),
                result: #"{"a": "\u0000ä"}"#, why: "because"))
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() }
    }

    @Test func whatIsKeptComesBackWholeAndOldestFirst() async throws {
        let (second, first) = (entry("b"), entry("a"))
        try await spool.keep(second)
        try await spool.keep(first)
        #expect(try await spool.contents().entries == [first, second])
        for name in try names { #expect(try Scratch.status("\(scratch.path)/\(name)").0 == 0o600) }
        await spool.remove(first.lease)
        await spool.remove(first.lease)
        #expect(try await spool.contents().entries == [second])
        #expect(try #require(spool.age(of: second.lease)) < .seconds(60))
        #expect(spool.age(of: first.lease) == nil)
    }

    @Test func ofTwoEndsOfOneLeaseTheLaterCounts() async throws {
        try await spool.keep(entry("a", reason: "first"))
        try await spool.keep(entry("a", reason: "second"))
        #expect(try await spool.contents().entries.map(\.result.reason) == ["second"])
        #expect(try names.count == 1)
    }

    @Test func whatIsNoneOfOursIsPutAsideAndTold() async throws {
        try await spool.keep(entry("a"))
        let good = try names[0]
        let bytes = try #require(FileManager.default.contents(atPath: "\(scratch.path)/\(good)"))
        // Under another's name, cut off, and a draft that never came to its name.
        for (name, content) in [("b.1.1.json", bytes), ("c.1.1.json", bytes.prefix(20)), ("d.1.1.json.new", bytes)] {
            try content.write(to: URL(fileURLWithPath: "\(scratch.path)/\(name)"))
        }
        let found = try await spool.contents()
        #expect(found.entries.map(\.lease.taskID.rawValue) == ["a"])
        #expect(found.unreadable.count == 2)
        #expect(try names == ["b.1.1.json.unreadable", "c.1.1.json.unreadable", good].sorted())
        #expect(try await spool.contents().unreadable.isEmpty)
    }

    /// A whole file must not be put aside only because the system can't read it just now.
    @Test(
        arguments: [
            (nil, false), (ELOOP, false), (ENXIO, false), (EIO, true), (EMFILE, true), (ESTALE, true), (EACCES, true),
            (ENOENT, true),
        ] as [(Int32?, Bool)])
    func whatMayBeWholeStopsTheStart(code: Int32?, mayBeIntact: Bool) {
        #expect(ResultSpool.mayBeIntact(FileProblem("it can't be read", code)) == mayBeIntact)
    }

    @Test func aPlaceThatCannotBeWrittenIsNamed() async throws {
        let nowhere = ResultSpool(directory: "\(scratch.path)/none")
        let error = await #expect(throws: (any Error).self) { try await nowhere.keep(entry("a")) }
        #expect("\(try #require(error))".contains("none"))
        await #expect(throws: (any Error).self) { try await nowhere.contents() }
    }
}
