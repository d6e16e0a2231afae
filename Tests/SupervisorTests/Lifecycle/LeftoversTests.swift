import Foundation
import TaskModel
import Testing

@testable import Supervisor

/// A task may run again at once only when nothing of its first run can still live.
@Suite("Leftovers")
struct LeftoversTests {
    private static let dead = SupervisorID(rawValue: "dead")

    private static func row(_ id: String, _ mode: WorkerMode) -> WorkerRecord {
        WorkerRecord(
            id: WorkerID(rawValue: id), pool: "p", supervisor: dead, installation: "i", host: "h", mode: mode,
            profile: "",
            createdAt: Date())
    }

    @Test func aContainerThatStillRunsKeepsItsSupervisorsLeases() {
        let left = Leftovers(workers: [Self.row("a", .docker), Self.row("b", .docker)], containers: [("b", "dead")])
        #expect(left.isGone(left.workers[0]))
        #expect(!left.isGone(left.workers[1]))
        #expect(!left.isGone(Self.dead))
        #expect(left.isGone(SupervisorID(rawValue: "another")))
        #expect(left.isInUse(directory: "b"))
        #expect(!left.isInUse(directory: "a"))
    }

    @Test func aContainerWithoutARowCountsToo() {
        let left = Leftovers(workers: [], containers: [("b", "dead")])
        #expect(!left.isGone(Self.dead))
        #expect(left.isInUse(directory: "b"))
    }

    @Test func whenNobodyCanBeAskedContainersMayStillRun() {
        let left = Leftovers(workers: [Self.row("a", .docker)], containers: nil)
        #expect(!left.isGone(Self.dead))
        #expect(left.isInUse(directory: "a"))
        #expect(Leftovers(workers: [Self.row("a", .local)], containers: nil).isGone(Self.dead))
        #expect(Leftovers(workers: [], containers: nil).isGone(Self.dead))
    }

    @Test func aProcessThatCouldNotBeKilledKeepsThemToo() {
        let left = Leftovers(workers: [Self.row("a", .local)], containers: [], processes: [WorkerID(rawValue: "a")])
        #expect(!left.isGone(Self.dead))
    }

    @Test func whenAllIsRemovedAllIsGone() {
        let left = Leftovers(workers: [Self.row("a", .docker), Self.row("b", .local)], containers: [])
        #expect(left.isGone(Self.dead))
        #expect(!left.isInUse(directory: "a"))
    }
}
