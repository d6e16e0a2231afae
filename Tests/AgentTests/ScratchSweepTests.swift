import Foundation
import Glibc
import TestSupport
import Testing

@testable import AgentCore

/// Directories that a task did something to, and not only to what is in them.
@Suite("Sweep of scratch places", .timeLimit(.minutes(3)))
struct ScratchSweepTests {
    private let scratch: Scratch
    private var place: String { "\(scratch.path)/place" }

    init() throws {
        scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    }

    private func sweep(_ spoil: () throws -> Void) rethrows -> ScratchSweep.Progress {
        let places = ScratchPlaces([place])
        try spoil()
        var sweep = ScratchSweep(places, now: 0)
        return sweep.step(now: 0)
    }

    @Test func haveTheirModeBack() throws {
        chmod(place, 0o1777)
        let progress = sweep { chmod(place, 0o500) }
        #expect(progress == .clean)
        #expect(try Scratch.status(place).mode == 0o1777)
    }

    @Test func areMadeAnewWhenTheyWereRemoved() throws {
        chmod(place, 0o1777)
        let progress = sweep { rmdir(place) }
        #expect(progress == .clean)
        #expect(try Scratch.status(place).mode == 0o1777)
    }

    @Test func areHopelessWhenSomethingElseIsThere() throws {
        let progress = try sweep {
            rmdir(place)
            try Data([1]).write(to: URL(fileURLWithPath: place))
        }
        #expect(progress == .hopeless)
    }

    @Test(.enabled(if: getuid() == 0)) func areOpenedByTheirOwner() throws {
        chown(scratch.path, FileSystemUser.nobody, gid_t.max)
        chown(place, FileSystemUser.nobody, gid_t.max)
        for mode in [0, 0o300, 0o500] as [mode_t] {
            let progress = try FileSystemUser.with {
                try sweep {
                    try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(place)/f"))
                    chmod(place, mode)
                }
            }
            #expect(progress == .clean)
            #expect(!scratch.exists("place/f"), "\(mode)")
        }
    }

    @Test(.enabled(if: getuid() == 0)) func areHopelessWhenTheyCanNotBeOpened() throws {
        chown(scratch.path, FileSystemUser.nobody, gid_t.max)
        let progress = FileSystemUser.with { sweep { _ = FileSystemUser.with(0) { chmod(place, 0) } } }
        #expect(progress == .hopeless)
    }
}
