import Foundation
import Glibc
import TestSupport
import Testing

@testable import Supervisor

@Suite("Attempt log", .timeLimit(.minutes(3)))
struct AttemptLogTests {
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/logs/t/1.log" }

    init() throws { scratch = try Scratch() }

    /// Numbered lines of ten bytes, so that any byte tells where it belongs.
    private static func numbered(_ lines: Range<Int>) -> [UInt8] {
        lines.flatMap { Array("line \(String($0 + 10_000).dropFirst())\n".utf8) }
    }

    @Test func anEmptyAttemptHasAnEmptyLog() async throws {
        let log = AttemptLog(path: path, cap: 1000)
        await log.open()
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(await log.close() == AttemptLog.Summary())
        #expect(try LogReader(path).entries == [])
        #expect(try Scratch.status(path).mode == 0o600)
    }

    @Test func binaryOutputAndALastLineWithoutANewlineAreKeptExactly() async throws {
        let output = (0..<4096).map { UInt8(truncatingIfNeeded: $0) } + Array("the end".utf8)
        let log = AttemptLog(path: path, cap: 1 << 20)
        for start in stride(from: 0, to: output.count, by: 77) {
            await log.write(output[start..<min(start + 77, output.count)], stream: .standardOutput)
        }
        await log.write([0x41][...], stream: .standardError)
        let summary = await log.close()
        #expect(summary == AttemptLog.Summary(bytes: UInt64(output.count + 1)))
        let reader = try LogReader(path)
        #expect(reader.bytes() == output)
        #expect(reader.bytes(.standardError) == [0x41])
        #expect(reader.markers == [])
    }

    @Test func outputUpToTheCapIsWhole() async throws {
        let output = Self.numbered(0..<100)
        let log = AttemptLog(path: path, cap: output.count)
        await log.write(output[...], stream: .standardOutput)
        #expect(await log.close().leftOut == 0)
        let reader = try LogReader(path)
        #expect(reader.bytes() == output)
        #expect(reader.markers == [])
    }

    /// Cap in bytes, size of one write, lines written.
    @Test(arguments: [(1000, 10, 1000), (1000, 7, 1000), (1000, 5000, 1000), (4000, 333, 9000), (1000, 1, 150)])
    func aboveTheCapHeadAndTailStayAndTheMarkerCountsTheRest(cap: Int, piece: Int, lines: Int) async throws {
        let output = Self.numbered(0..<lines)
        let log = AttemptLog(path: path, cap: cap)
        for start in stride(from: 0, to: output.count, by: piece) {
            await log.write(output[start..<min(start + piece, output.count)], stream: .standardOutput)
        }
        let summary = await log.close()
        let reader = try LogReader(path)
        let kept = reader.bytes()
        #expect(summary.bytes == UInt64(output.count))
        #expect(summary.unwritten == 0)
        #expect(UInt64(kept.count) + summary.leftOut == summary.bytes)
        #expect(kept.prefix(cap / 2) == output.prefix(cap / 2))
        let tail = kept.dropFirst(cap / 2)
        #expect(tail.elementsEqual(output.suffix(tail.count)))
        // Between a quarter and the half of the cap.
        #expect(tail.count >= min(cap / 4, output.count - cap / 2))
        #expect(kept.count <= cap)
        if summary.leftOut > 0 { #expect(try reader.count(inMarker: "left out") == summary.leftOut) }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/logs/t")
        #expect(names == ["1.log"])
    }

    /// The tail is bounded on the disk while the task runs, not only at the end.
    @Test func theDiskDoesNotGrowWithTheOutput() async throws {
        let log = AttemptLog(path: path, cap: 64 << 10)
        let piece = [UInt8](repeating: 0x61, count: 8 << 10)
        for _ in 0..<500 {
            await log.write(piece[...], stream: .standardOutput)
            let sizes = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/logs/t").map {
                try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/logs/t/\($0)")[.size] as? Int ?? 0
            }
            #expect(sizes.reduce(0, +) < 100 << 10)
        }
        #expect(await log.close().leftOut > 3 << 20)
    }

    @Test func whatTheAgentLostIsMarkedWhereItIsMissing() async throws {
        let log = AttemptLog(path: path, cap: 1 << 20)
        await log.write(Array("before\n".utf8)[...], stream: .standardOutput)
        await log.markLost(bytes: 4321)
        await log.write(Array("after\n".utf8)[...], stream: .standardOutput)
        _ = await log.close()
        let reader = try LogReader(path)
        #expect(try reader.count(inMarker: "away for too long") == 4321)
        let place = try #require(reader.place(ofMarker: "4321"))
        #expect(reader.entries[..<place].contains { $0.bytes == Array("before\n".utf8) })
        #expect(reader.entries[place...].contains { $0.bytes == Array("after\n".utf8) })
    }

    /// Also past the head, where the output goes to the tail.
    @Test func whatTheAgentLostInTheTailIsMarkedThere() async throws {
        let log = AttemptLog(path: path, cap: 1000)
        let output = Self.numbered(0..<80)
        await log.write(output.prefix(700), stream: .standardOutput)
        await log.markLost(bytes: 4321)
        await log.write(output.suffix(100), stream: .standardOutput)
        _ = await log.close()
        let reader = try LogReader(path)
        let place = try #require(reader.place(ofMarker: "4321"))
        #expect(reader.bytes() == output)
        let before = reader.entries[..<place].filter { $0.stream == .standardOutput }.flatMap(\.bytes)
        #expect(before.elementsEqual(output.prefix(700)))
    }

    @Test func aDirectoryThatCanNotBeMadeCountsAllAsUnwritten() async throws {
        try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/logs"))
        let log = AttemptLog(path: path, cap: 1000)
        await log.open()
        await log.write(Self.numbered(0..<200)[...], stream: .standardOutput)
        let summary = await log.close()
        #expect(summary.bytes == 2000)
        #expect(summary.unwritten == 2000)
        #expect(summary.problem?.isEmpty == false)
    }

    @Test func aLogThatWasNeverOpenedIsMadeByTheFirstOutput() async throws {
        let log = AttemptLog(path: path, cap: 1000)
        await log.write(Array("x\n".utf8)[...], stream: .standardOutput)
        _ = await log.close()
        #expect(try LogReader(path).bytes() == Array("x\n".utf8))
    }
}
