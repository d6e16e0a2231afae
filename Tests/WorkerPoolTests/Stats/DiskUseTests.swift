import Foundation
import Glibc
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Disk use")
struct DiskUseTests {
    private func use(_ path: String, limit: Int64 = .max, since: Int64? = nil) -> Int64 {
        var use = DiskUse(limit: limit, changedSince: since)
        use.add(path)
        return use.bytes
    }

    private func write(_ bytes: Int, to path: String) throws {
        try Data(repeating: 7, count: bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test func everythingBelowIsAddedUp() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/a/b", withIntermediateDirectories: true)
        try write(1 << 20, to: "\(scratch.path)/one")
        try write(2 << 20, to: "\(scratch.path)/a/b/two")
        #expect((3 << 20...(3 << 20) + 65_536).contains(use(scratch.path)))
    }

    @Test func linksAreNotFollowed() throws {
        let scratch = try Scratch()
        let elsewhere = try Scratch()
        try write(4 << 20, to: "\(elsewhere.path)/big")
        for (name, target) in [("file", "big"), ("directory", ""), ("nowhere", "missing")] {
            symlink("\(elsewhere.path)/\(target)", "\(scratch.path)/\(name)")
        }
        #expect(use(scratch.path) < 65_536)
    }

    @Test func aHoleIsNothingOnDisk() throws {
        let scratch = try Scratch()
        try write(1, to: "\(scratch.path)/sparse")
        truncate("\(scratch.path)/sparse", 1 << 30)
        #expect(use(scratch.path) < 65_536)
    }

    @Test func countingStopsAtTheLimit() throws {
        let scratch = try Scratch()
        for name in 0..<50 { try write(1 << 20, to: "\(scratch.path)/\(name)") }
        let found = use(scratch.path, limit: 5 << 20)
        #expect(found > 5 << 20 && found < 8 << 20)
    }

    @Test func whatWasThereBeforeIsNotCounted() throws {
        let scratch = try Scratch()
        try write(1 << 20, to: "\(scratch.path)/old")
        var old = stat()
        #expect(lstat("\(scratch.path)/old", &old) == 0)
        let after = Int64(old.st_ctim.tv_sec) * 1_000_000_000 + Int64(old.st_ctim.tv_nsec) + 1
        #expect(use(scratch.path, since: after) < 65_536)
        #expect(use(scratch.path, since: after - 1) >= 1 << 20)
    }

    @Test(arguments: ["/no/such/directory", "/etc/hostname", ""])
    func whatIsNoDirectoryIsNothing(_ path: String) { #expect(use(path) == 0) }

    @Test func placesAreAddedUpWithWhatOthersCounted() throws {
        let (fresh, kept) = (try Scratch(), try Scratch())
        try write(1 << 20, to: "\(fresh.path)/x")
        try write(1 << 20, to: "\(kept.path)/x")
        let places = DiskPlaces(fresh: [fresh.path], kept: [kept.path], counted: 1 << 20)
        #expect(places.use(since: 0, limit: .max) >= 3 << 20)
        #expect(places.use(since: .max, limit: .max) < (2 << 20) + 65_536)
        #expect(DiskPlaces().use(since: 0, limit: 0) == 0)
    }
}
