import Foundation
import Glibc
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Leftover processes", .timeLimit(.minutes(3)))
struct LeftoverProcessesTests {
    /// A shell with a child, marked as a worker's or not. The caller reaps it.
    private func start(mark: String?, _ script: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.environment = mark.map { [LeftoverProcesses.mark: $0] } ?? [:]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    @Test func aWorkersProcessesAndTheirChildrenAreFoundAndKilled() async throws {
        let worker = "leftover-\(UInt32.random(in: 0 ... .max))"
        let process = try start(mark: worker, "sleep 1000 & wait")
        try await eventually("shell and sleep") { LeftoverProcesses.pids(worker: worker).count == 2 }
        #expect(LeftoverProcesses.pids(worker: worker).contains(process.processIdentifier))
        #expect(LeftoverProcesses.kill(worker: worker) >= 2)
        #expect(LeftoverProcesses.pids(worker: worker) == [])
        try await eventually("the shell's end") { !process.isRunning }
        #expect(process.terminationReason == .uncaughtSignal)
    }

    @Test func othersAreLeftAlone() async throws {
        let worker = "leftover-\(UInt32.random(in: 0 ... .max))"
        // The second mark only begins like the worker's.
        let others = [try start(mark: nil, "exec sleep 1000"), try start(mark: worker + "x", "exec sleep 1000")]
        try await eventually("the neighbour") { !LeftoverProcesses.pids(worker: worker + "x").isEmpty }
        #expect(LeftoverProcesses.kill(worker: worker) == 0)
        for other in others { #expect(other.isRunning) }
        LeftoverProcesses.kill(worker: worker + "x")
        kill(others[0].processIdentifier, SIGKILL)
        try await eventually("the others' end") { !others[0].isRunning && !others[1].isRunning }
    }

    @Test func oneThatHandlesTermDiesAllTheSame() async throws {
        let worker = "leftover-\(UInt32.random(in: 0 ... .max))"
        let process = try start(mark: worker, "trap '' TERM; while :; do sleep 1; done")
        try await eventually("the shell") { !LeftoverProcesses.pids(worker: worker).isEmpty }
        LeftoverProcesses.kill(worker: worker)
        try await eventually("the shell's end") { !process.isRunning }
        #expect(process.terminationStatus == SIGKILL)
        #expect(LeftoverProcesses.kill(worker: worker) == 0)
    }
}
