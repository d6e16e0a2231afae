import AgentProtocol
import Foundation
import Glibc
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Descriptors", .timeLimit(.minutes(5)))
struct DescriptorLeakTests {
    /// Open descriptors of a process.
    private static func descriptors(of pid: Int32) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
    }

    @Test func theCounterSeesALeak() throws {
        let before = try Self.descriptors(of: getpid())
        let leaked = (0..<500).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
        let after = try Self.descriptors(of: getpid())
        for descriptor in leaked { close(descriptor) }
        #expect(after >= before + 400)
    }

    /// Other tests run in this process at the same time, so a leak here must be told by its slope: 200 attempts that
    /// leaked one descriptor each would stand out far above what all others together have open.
    @Test func twoHundredAttemptsInARowLeaveNothingOpen() async throws {
        try await LocalWorker.with { local in
            for attempt in 1...10 { _ = await local.run("echo hello", attempt: attempt) }
            let agent: Int32 = try await eventually("its pid") { local.worker.agentPID }
            let before = (try Self.descriptors(of: agent), try Self.descriptors(of: getpid()))
            var others: [ExitRecord] = []
            for attempt in 11...210 {
                let (record, transcript) = await local.run("echo hello", attempt: attempt)
                if record.report?.exitCode != 0 || transcript.output != "hello\n" { others.append(record) }
            }
            // On a machine that has no time for them the agent and its supervisor may lose each other for a moment.
            #expect(others.count < 10, "\(others)")
            #expect(try Self.descriptors(of: agent) == before.0)
            #expect(try Self.descriptors(of: getpid()) < before.1 + 150)
        }
    }
}
