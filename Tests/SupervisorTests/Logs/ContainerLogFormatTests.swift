import TestSupport
import Testing

@testable import Supervisor

@Suite("Container log format")
struct ContainerLogFormatTests {
    private func lines(_ buffer: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines = buffer.split(separator: 0x0a, omittingEmptySubsequences: false)
        #expect(lines.last?.isEmpty == true, "the last entry must end with a newline")
        lines.removeLast()
        return lines
    }

    private func written(_ text: String, _ stream: ContainerLogFormat.Stream = .standardOutput) -> String {
        var buffer: [UInt8] = []
        ContainerLogFormat.append(Array(text.utf8)[...], stream: stream, time: "T", to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    @Test(
        arguments: [
            ("", ""), ("a", "T stdout P a\n"), ("a\n", "T stdout F a\n"), ("\n", "T stdout F \n"),
            ("a\nb", "T stdout F a\nT stdout P b\n"), ("\n\n", "T stdout F \nT stdout F \n"),
            ("a b  c\n", "T stdout F a b  c\n"), ("\r\n", "T stdout F \r\n"),
        ])
    func linesAndPiecesBecomeEntries(_ text: String, entries: String) {
        #expect(written(text) == entries)
    }

    @Test func theStreamIsNamed() {
        #expect(written("x", .standardError) == "T stderr P x\n")
    }

    @Test(
        arguments: [
            "", " ", "T stdout F", "T stdout X a", "T stdin F a", "T stdout", "T  F a", "nonsense", "T stdout FP a",
            "T stdout P",
        ])
    func aLineThatIsNoEntryIsSaidToBeNone(_ line: String) {
        #expect(ContainerLogFormat.parse(Array(line.utf8)[...]) == nil)
    }

    @Test func anEntryWithoutBytesIsAnEmptyPieceOrLine() {
        #expect(ContainerLogFormat.parse(Array("T stdout P ".utf8)[...])?.bytes == [])
        #expect(ContainerLogFormat.parse(Array("T stdout F ".utf8)[...])?.bytes == [0x0a])
    }

    /// Any bytes, cut anywhere, on two streams: each stream comes back exactly.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func anyBytesSurviveHoweverTheyAreCut(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var sent: [ContainerLogFormat.Stream: [UInt8]] = [:]
        var buffer: [UInt8] = []
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            let stream: ContainerLogFormat.Stream = Bool.random(using: &random) ? .standardOutput : .standardError
            // Newlines, blanks and NULs far more often than chance would have them.
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ -> UInt8 in
                [0x0a, 0x20, 0x00, 0xff, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
            }
            sent[stream, default: []] += bytes
            ContainerLogFormat.append(bytes[...], stream: stream, time: "2026-11-21T06:12:48.1Z", to: &buffer)
        }
        var read: [ContainerLogFormat.Stream: [UInt8]] = [:]
        for line in lines(buffer) {
            let entry = try #require(ContainerLogFormat.parse(line))
            #expect(entry.time == "2026-11-21T06:12:48.1Z")
            read[entry.stream, default: []] += entry.bytes
        }
        #expect(read == sent.filter { !$0.value.isEmpty })
    }
}

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000000000Z"), (1_795_241_568, 123_456_789, "2026-11-21T06:12:48.123456789Z"),
            (951_782_400, 5, "2000-02-29T00:00:00.000000005Z"), (-1, 0, "1969-12-31T23:59:59.000000000Z"),
        ])
    func timeIsWrittenInUTCWithNanoseconds(seconds: Int, nanoseconds: Int, text: String) {
        #expect(Timestamp.text(seconds: seconds, nanoseconds: nanoseconds) == text)
    }

    @Test func laterTextSortsLater() {
        let times = (0..<100).map { _ in Timestamp.now() }
        #expect(times == times.sorted())
    }
}
