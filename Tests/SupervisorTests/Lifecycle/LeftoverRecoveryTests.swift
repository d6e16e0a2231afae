import Foundation
import Glibc
import Settings
import TaskModel
import TestSupport
import Testing

@testable import Supervisor
@testable import TaskStore
@testable import WorkerPool

/// What a supervisor that was killed left behind is gone after the next start.
@Suite("Leftover recovery", .timeLimit(.minutes(5)))
struct LeftoverRecoveryTests {
    private let scratch: Scratch
    private let dead = SupervisorID(rawValue: "dead")
    private let lostWorker = WorkerID(rawValue: "gone\(UInt32.random(in: 0 ... .max))")

    init() throws { scratch = try Scratch() }

    /// A supervisor's row, a worker's row, its directories and its process, and a claimed task.
    private func leave(
        _ test: TestSupervisor, pool: String = "default", installation: String? = nil, boot: String = "another"
    ) async throws -> (task: TaskID, process: Process) {
        let host = test.supervisor.host
        let installation = if let installation { installation } else { try test.installation() }
        try await test.store.save(
            SupervisorRecord(
                id: dead, pool: pool, installation: installation, boot: boot, host: host, pid: 1, startedAt: Date(),
                seenAt: Date()))
        try await test.store.save(
            WorkerRecord(
                id: lostWorker, pool: pool, supervisor: dead, installation: installation, host: host, mode: .local,
                profile: "local process", createdAt: Date()))
        try WorkerDirectory(
            runtimeDirectory: test.layout.runtimeDirectory, stateDirectory: test.layout.stateDirectory,
            worker: lostWorker
        ).create(owner: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["1000"]
        process.environment = [LeftoverProcesses.mark: lostWorker.rawValue]
        try process.run()
        let id = try await test.store.submit([TaskSpec(command: ["true"])])[0].id
        let claims = try await test.store.claim(
            ClaimRequest(
                supervisor: dead, host: host, limit: 1, leaseDuration: .seconds(3600), offersContainers: false))
        #expect(claims.map(\.task.id) == [id])
        return (id, process)
    }

    /// Also after a program that noted no installation, only a host.
    @Test(arguments: [nil, ""])
    func processesDirectoriesRowsAndLeasesAreCleanedUp(installation: String?) async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let (id, process) = try await leave(test, installation: installation)
        try await test.run {
            // Its lease had an hour to go.
            let task = try await test.wait(for: id, in: [.complete, .error])
            #expect(task.attempt == 2)
            #expect(task.interruptions == 1)
        }
        try await eventually("the process's end") { !process.isRunning }
        #expect(process.terminationReason == .uncaughtSignal)
        #expect(try await test.store.workers(installation: test.installation()).isEmpty)
        #expect(try await test.store.supervisors().isEmpty)
        #expect(!scratch.exists("run/default/w/\(lostWorker)"))
        #expect(!scratch.exists("state/workers/\(lostWorker)"))
    }

    /// Whatever the name of its host, which is the same here.
    @Test(arguments: ["pool", "installation"])
    func whatBelongsToAnotherIsLeftAlone(_ difference: String) async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let installation = difference == "installation" ? "another" : try test.installation()
        let (id, process) = try await leave(
            test, pool: difference == "pool" ? "other" : "default", installation: installation)
        try await test.run {
            try await eventually("a worker") { test.supervisor.status.ready == 1 }
        }
        #expect(process.isRunning)
        #expect(try await test.store.task(id)?.state == .inProgress)
        #expect(try await test.store.workers(installation: installation).map(\.id) == [lostWorker])
        #expect(try await test.store.supervisors().map(\.id) == [dead])
        kill(process.processIdentifier, SIGKILL)
        try await eventually("the process's end") { !process.isRunning }
    }

    /// A server says nothing about what runs on its hosts: one of another boot may live until it was silent for a lease.
    @Test func afterARestartOfTheHostLeasesAreGivenBackOnceItIsKnownThatNobodyHasThem() async throws {
        let server = StoreConnections(
            idle: 0, used: 0, waiting: 0, isBreakerOpen: false, breakerOpenings: 0, failures: 0)
        let clock = HandClock()
        let test = try await TestSupervisor(in: scratch, workers: 1, clock: clock) {
            $0.queue.recovery = .off
            $0.queue.lease = .seconds(3)
        } behind: {
            FaultyStore($0, connections: server)
        }
        let (id, process) = try await leave(test)
        try await test.run {
            try await eventually("a worker") { test.supervisor.status.ready == 1 }
            #expect(try await test.store.task(id)?.state == .inProgress)
            clock.pass(4)
            let task = try await test.wait(for: id, in: [.complete, .error])
            #expect(task.state == .complete && task.attempt == 2)
        }
        #expect(try await test.store.supervisors().isEmpty)
        kill(process.processIdentifier, SIGKILL)
        try await eventually("the process's end") { !process.isRunning }
    }

    /// Without an engine nobody knows whether its container still runs the task.
    @Test func leasesOfContainersThatCannotBeLookedForAreKept() async throws {
        let test = try await TestSupervisor(in: scratch, workers: 1)
        let (id, process) = try await leave(test)
        let container = WorkerID(rawValue: "container")
        try await test.store.save(
            WorkerRecord(
                id: container, pool: "default", supervisor: dead, installation: test.installation(),
                host: test.supervisor.host, mode: .docker, profile: "image", createdAt: Date()))
        try await test.run {
            try await eventually("a worker") { test.supervisor.status.ready == 1 }
        }
        process.waitUntilExit()
        #expect(try await test.store.task(id)?.state == .inProgress)
        #expect(try await test.store.workers(installation: test.installation()).map(\.id) == [container])
        #expect(try await test.store.supervisors().map(\.id) == [dead])
    }
}
