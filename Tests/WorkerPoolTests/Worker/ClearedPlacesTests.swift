import Foundation
import Glibc
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

/// Whether the next task finds the places as new, and whether it is told where not.
@Suite("Cleared places", .timeLimit(.minutes(3)))
struct ClearedPlacesTests {
    private let scratch: Scratch
    private let directory: WorkerDirectory
    private let manager = FileManager.default
    private var places: [String] {
        [directory.workspace, directory.exchange, directory.outputs, directory.temporary]
    }

    init() throws {
        scratch = try Scratch()
        directory = WorkerDirectory(
            runtimeDirectory: "\(scratch.path)/run", stateDirectory: "\(scratch.path)/state",
            worker: WorkerID(rawValue: "w1"))
    }

    private func names(in path: String) -> [String] {
        (try? manager.contentsOfDirectory(atPath: path)) ?? ["?"]
    }

    private func giveAllToNobody() {
        for path in [scratch.path, "\(scratch.path)/state", "\(scratch.path)/state/workers", directory.store] + places {
            chown(path, FileSystemUser.nobody, gid_t.max)
        }
    }

    private func expectNew(owner: UInt32, _ comment: Comment? = nil) throws {
        #expect(try places.map { try Scratch.status($0).mode } == [0o700, 0o700, 0o700, 0o700], comment)
        #expect(try places.dropLast().allSatisfy { try Scratch.status($0).owner == owner }, comment)
        #expect(places.map(names) == [[], ["output"], [], []], comment)
    }

    @Test func ofALocalWorkerAreMadeAnewWhateverATaskDid() throws {
        try directory.create(owner: nil)
        let spoilers: [(String) throws -> Void] = [
            { try manager.removeItem(atPath: $0) },
            {
                try manager.removeItem(atPath: $0)
                try manager.createSymbolicLink(atPath: $0, withDestinationPath: scratch.path)
            },
            {
                try manager.removeItem(atPath: $0)
                try Data([1]).write(to: URL(fileURLWithPath: $0))
            },
            { chmod($0, 0o1777) },
            { chmod($0, 0) },
            { try Data([1]).write(to: URL(fileURLWithPath: "\($0)/left")) },
        ]
        for (number, spoil) in spoilers.enumerated() {
            for place in places {
                try spoil(place)
                #expect(directory.clear(owner: nil), "\(number) \(place)")
                try expectNew(owner: getuid(), "\(number) \(place)")
            }
        }
        #expect(scratch.exists("run/w/w1/agent"))
    }

    @Test(.enabled(if: getuid() == 0)) func ofAContainerGetTheirOwnerAndModeBack() throws {
        try directory.create(owner: 1234)
        for path in [directory.workspace, directory.exchange, directory.outputs] {
            chmod(path, 0o777)
            chown(path, 99, 99)
            #expect(directory.clear(owner: 1234))
            try expectNew(owner: 1234)
        }
    }

    /// Another directory of that name would not be the one that is mounted.
    @Test func ofAContainerThatAreGoneCanNotBeReplaced() throws {
        try directory.create(owner: getuid())
        try manager.removeItem(atPath: directory.workspace)
        #expect(!directory.clear(owner: getuid()))
        #expect(!manager.fileExists(atPath: directory.workspace))
    }

    @Test(.enabled(if: getuid() == 0)) func thatATaskHasClosedAreOpenedByTheirOwner() throws {
        try directory.create(owner: nil)
        giveAllToNobody()
        for place in places {
            try FileSystemUser.with {
                try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(place)/f"))
                chmod(place, 0)
                #expect(directory.clear(owner: nil))
            }
            #expect(!manager.fileExists(atPath: "\(place)/f"))
        }
        for place in places {
            // Somebody else's now.
            chown(place, 0, 0)
            chmod(place, 0)
            #expect(!FileSystemUser.with { directory.clear(owner: nil) }, "\(place)")
            chown(place, FileSystemUser.nobody, gid_t.max)
        }
        #expect(FileSystemUser.with { directory.clear(owner: nil) })
    }

    @Test(.enabled(if: getuid() == 0)) func withSomethingOfAnotherUsersAreNotClear() throws {
        try directory.create(owner: nil)
        for place in places {
            giveAllToNobody()
            try manager.createDirectory(atPath: "\(place)/d", withIntermediateDirectories: false)
            try Data([1]).write(to: URL(fileURLWithPath: "\(place)/d/roots"))
            #expect(!FileSystemUser.with { directory.clear(owner: nil) }, "\(place)")
            #expect(directory.clear(owner: nil))
        }
    }

    @Test func namesThatAreNoTextAndDepthWithoutEndAreNoObstacle() throws {
        try directory.create(owner: nil)
        for place in places {
            try leaveOddities(in: place)
            #expect(directory.clear(owner: nil))
            try expectNew(owner: getuid())
        }
        try leaveOddities(in: directory.workspace)
        try StubbornTree.remove(directory.workspace)
        #expect(!manager.fileExists(atPath: directory.workspace))
    }

    /// Directories twice as deep as a path may be long, and a name that is not UTF-8.
    private func leaveOddities(in place: String) throws {
        let name = String(repeating: "d", count: 50)
        var descriptor = open(place, O_RDONLY | O_DIRECTORY)
        try #require(descriptor >= 0)
        let odd: [CChar] = [0x62, -1, -2, 0]
        try #require(mkdirat(descriptor, odd, 0o700) == 0)
        for _ in 0..<160 {
            try #require(mkdirat(descriptor, name, 0o700) == 0)
            let next = openat(descriptor, name, O_RDONLY | O_DIRECTORY)
            close(descriptor)
            descriptor = next
        }
        close(openat(descriptor, odd, O_WRONLY | O_CREAT, 0o600))
        close(descriptor)
    }
}
