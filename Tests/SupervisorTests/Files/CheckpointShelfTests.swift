import Foundation
import TaskModel
import TestSupport
import Testing

@testable import Supervisor

@Suite("Checkpoint shelf")
struct CheckpointShelfTests {
    /// An artifact survives a loss of power only when each directory on its way does.
    @Test(
        arguments: [
            ([["a"]], []), ([["a", "b"]], [["a"]]), ([["a", "b", "c"]], [["a", "b"], ["a"]]),
            ([["a", "b", "c"], ["a", "d"], ["e", "f"], ["g"]], [["a", "b"], ["a"], ["e"]]), ([], []),
        ] as [([[String]], [[String]])])
    func eachDirectoryOnTheWayIsFlushedOnce(paths: [[String]], directories: [[String]]) {
        #expect(CheckpointShelf.directories(above: paths) == directories)
    }

    @Test func artifactsBelowDirectoriesAreKeptAndComeBack() throws {
        let scratch = try Scratch()
        let task = TaskID.next()
        for path in ["exchange/out/a/b", "again"] {
            try FileManager.default.createDirectory(
                atPath: "\(scratch.path)/\(path)", withIntermediateDirectories: true)
        }
        try Data("deep".utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/exchange/out/a/b/c"))
        let shelf = CheckpointShelf(root: "\(scratch.path)/made/on/the/way")
        let kept = try shelf.keep(
            [["a", "b", "c"]], from: "out", in: "\(scratch.path)/exchange", of: task, isOver: { false })
        #expect(kept.earlier.isEmpty)
        #expect(shelf.mistake(in: kept.artifacts, shelf: kept.shelf, of: task) == nil)
        try shelf.restore(
            kept.artifacts, shelf: kept.shelf, of: task, to: "\(scratch.path)/again", isOver: { false })
        #expect(try String(contentsOfFile: "\(scratch.path)/again/a/b/c", encoding: .utf8) == "deep")
    }
}
