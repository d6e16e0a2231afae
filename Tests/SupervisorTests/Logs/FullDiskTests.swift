import Foundation
import Testing

@testable import Supervisor

@Suite("Attempt log on a full disk", .enabled(if: SmallDisk.isPossible), .timeLimit(.minutes(3)))
struct FullDiskTests {
    private let disk: SmallDisk
    private var path: String { "\(disk.path)/t/1.log" }

    init() throws { disk = try SmallDisk() }

    /// A thousand bytes in ten lines, all of one letter.
    private static func block(_ letter: Character) -> [UInt8] {
        (0..<10).flatMap { _ in Array((String(repeating: letter, count: 99) + "\n").utf8) }
    }

    @Test func whatDidNotFitIsCountedAndEveryEntryIsWhole() async throws {
        let log = AttemptLog(path: path, cap: 64 << 20)
        await log.open()
        try disk.fill(leaving: 100 << 10)
        for _ in 0..<500 { await log.write(Self.block("a")[...], stream: .standardOutput) }
        let summary = await log.close()
        let kept = try LogReader(path).bytes().count
        #expect(summary.bytes == 500_000)
        #expect(summary.leftOut == 0)
        #expect(kept > 50_000)
        #expect(UInt64(kept) + summary.unwritten == summary.bytes)
        #expect(summary.problem == "No space left on device")
    }

    @Test func theLogGoesOnWhenThereIsRoomAgainAndSaysWhatIsMissing() async throws {
        let log = AttemptLog(path: path, cap: 64 << 20)
        await log.open()
        await log.write(Self.block("a")[...], stream: .standardOutput)
        try disk.fill(leaving: 0)
        for _ in 0..<100 { await log.write(Self.block("b")[...], stream: .standardOutput) }
        disk.empty()
        await log.write(Self.block("c")[...], stream: .standardOutput)
        let summary = await log.close()
        let reader = try LogReader(path)
        let text = String(decoding: reader.bytes(), as: UTF8.self)
        #expect(text.hasPrefix(String(decoding: Self.block("a"), as: UTF8.self)))
        #expect(text.hasSuffix(String(decoding: Self.block("c"), as: UTF8.self)))
        #expect(summary.unwritten > 90_000)
        #expect(UInt64(text.utf8.count) + summary.unwritten == summary.bytes)
        #expect(reader.counts(inMarkers: "are missing here").reduce(0, +) == summary.unwritten)
    }

    /// Head, tail segments and the copy of the tail to the log's end do not fit together.
    @Test(arguments: [(1 << 20, 300), (1 << 20, 700), (1 << 20, 1000), (400_000, 600), (400_000, 650), (400_000, 700)])
    func aTailThatDoesNotFitIsCountedExactly(cap: Int, rest: Int) async throws {
        let log = AttemptLog(path: path, cap: cap)
        await log.open()
        try disk.fill(leaving: rest << 10)
        for round in 0..<2000 {
            await log.write(Self.block("a")[...], stream: .standardOutput)
            // Words of our own in between are no output.
            if round.isMultiple(of: 10) { await log.markLost(bytes: 1) }
        }
        let summary = await log.close()
        let reader = try LogReader(path)
        #expect(summary.bytes == 2_000_000)
        #expect(UInt64(reader.bytes().count) + summary.leftOut + summary.unwritten == summary.bytes)
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(disk.path)/t")
        #expect(names == ["1.log"])
    }

    /// The last page of the file has room for a short line, but not for the word that something is missing before it.
    @Test func nothingFollowsAGapThatIsNotMarked() async throws {
        let log = AttemptLog(path: path, cap: 64 << 20)
        let header = "2026-11-21T06:12:48.123456789Z stdout F ".utf8.count
        let page = [UInt8](repeating: 0x61, count: 4096 - 100 - header - 1) + [0x0a]
        await log.write(page[...], stream: .standardOutput)
        try disk.fill(leaving: 0)
        await log.write(Self.block("b")[...], stream: .standardOutput)
        await log.write(Array("short\n".utf8)[...], stream: .standardOutput)
        let summary = await log.close()
        #expect(try LogReader(path).bytes() == page)
        #expect(summary.unwritten == 1006)
    }

    /// In the tail too the gap is marked where it is.
    @Test func aGapInTheTailIsMarkedInItsPlace() async throws {
        let log = AttemptLog(path: path, cap: 100_000)
        for _ in 0..<60 { await log.write(Self.block("a")[...], stream: .standardOutput) }
        try disk.fill(leaving: 0)
        for _ in 0..<15 { await log.write(Self.block("b")[...], stream: .standardOutput) }
        disk.empty()
        for _ in 0..<5 { await log.write(Self.block("c")[...], stream: .standardOutput) }
        let summary = await log.close()
        let reader = try LogReader(path)
        try #require(summary.unwritten > 0)
        #expect(reader.counts(inMarkers: "are missing here").reduce(0, +) == summary.unwritten)
        let place = try #require(reader.place(ofMarker: "are missing here"))
        #expect(!reader.entries[..<place].contains { $0.bytes.first == UInt8(ascii: "c") })
        #expect(reader.entries[place...].contains { $0.bytes.first == UInt8(ascii: "c") })
    }
}
