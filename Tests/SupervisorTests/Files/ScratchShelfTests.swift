import Foundation
import TaskModel
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Scratch shelf")
struct ScratchShelfTests {
    private let scratch: Scratch
    private let directory: WorkerDirectory
    private let shelf: ScratchShelf
    private var files: FileManager { .default }

    init() throws {
        scratch = try Scratch()
        directory = WorkerDirectory(
            runtimeDirectory: "\(scratch.path)/run", stateDirectory: "\(scratch.path)/state",
            worker: WorkerID(rawValue: "w1"))
        try directory.create(owner: nil)
        shelf = ScratchShelf(root: "\(scratch.path)/kept")
    }

    private func keep(_ attempt: Int) -> ScratchShelf.Kept? {
        shelf.keep(directory, task: TaskID(rawValue: "task"), attempt: attempt)
    }

    @Test func anAttemptThatLeftNothingKeepsNothing() {
        #expect(keep(1) == nil)
        #expect(!scratch.exists("kept"))
        #expect(shelf.entries().isEmpty)
    }

    @Test func everythingIsMovedAndCountedOnce() throws {
        try files.createDirectory(atPath: "\(directory.workspace)/a/b", withIntermediateDirectories: true)
        try Data(count: 100_000).write(to: URL(fileURLWithPath: "\(directory.workspace)/a/b/big"))
        try Data([1]).write(to: URL(fileURLWithPath: "\(directory.workspace)/.hidden"))
        try Data([1]).write(to: URL(fileURLWithPath: "\(directory.outputs)/out"))
        try Data([1]).write(to: URL(fileURLWithPath: directory.resultFile))
        let kept = try #require(keep(2))
        #expect(kept.path == "\(scratch.path)/kept/task/2")
        #expect(kept.problem == nil)
        #expect((100_000..<200_000).contains(kept.bytes), "\(kept.bytes)")
        for name in ["work/a/b/big", "work/.hidden", "output/out", "result.json"] {
            #expect(scratch.exists("kept/task/2/\(name)"), "\(name)")
        }
        #expect(try files.contentsOfDirectory(atPath: directory.workspace) == [])
        let entries = shelf.entries()
        #expect(entries.map(\.name) == ["task/2"])
        #expect(entries.map(\.bytes) == [kept.bytes])
        #expect(abs(entries[0].keptAt.timeIntervalSinceNow) < 3600)
    }

    /// A task may leave links to anything, in the place of its output directory too.
    @Test func linksAreMovedAndRemovedAndNeverFollowed() throws {
        try Data([1]).write(to: URL(fileURLWithPath: "\(scratch.path)/precious"))
        try files.createDirectory(atPath: "\(scratch.path)/house", withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: "\(scratch.path)/house/precious"))
        try files.createSymbolicLink(
            atPath: "\(directory.workspace)/link", withDestinationPath: "\(scratch.path)/house")
        try files.removeItem(atPath: directory.outputs)
        try files.createSymbolicLink(atPath: directory.outputs, withDestinationPath: "\(scratch.path)/house")
        for (name, attempt) in [("first", 1), ("second", 2)] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(directory.workspace)/\(name)"))
            _ = try #require(keep(attempt))
        }
        for entry in shelf.entries() { shelf.remove(entry) }
        #expect(!scratch.exists("kept/task"))
        #expect(scratch.exists("house/precious"))
        #expect(scratch.exists("precious"))
        shelf.remove(ScratchEntry(name: "task/1", keptAt: Date(), bytes: 0))
    }

    @Test func anotherAttemptOfTheTaskStays() throws {
        for attempt in 1...2 {
            try Data([1]).write(to: URL(fileURLWithPath: "\(directory.workspace)/x"))
            _ = try #require(keep(attempt))
        }
        shelf.remove(try #require(shelf.entries().first { $0.name == "task/1" }))
        #expect(shelf.entries().map(\.name) == ["task/2"])
    }
}
