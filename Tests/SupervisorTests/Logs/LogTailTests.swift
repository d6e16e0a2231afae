import Foundation
import Testing

@testable import Supervisor

@Suite("Log tail")
struct LogTailTests {
    /// The tail of a log with these pieces of output.
    private func tail(_ pieces: [(ContainerLogFormat.Stream, String)]) throws -> String {
        let path = "/tmp/acode-tail-\(UUID().uuidString).log"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var log: [UInt8] = []
        for (stream, text) in pieces {
            let time = "2026-01-02T03:04:05.123456789Z"
            ContainerLogFormat.append(Array(text.utf8)[...], stream: stream, time: time, to: &log)
        }
        try Data(log).write(to: URL(fileURLWithPath: path))
        return LogTail.text(of: path)
    }

    @Test(arguments: [1, 64 << 10, 10 * (64 << 10)])
    func hasTheLastEntryHoweverLargeItIs(size: Int) throws {
        let last = String(repeating: "x", count: size - 1) + "!"
        for line in [last, last + "\n"] {
            let text = try tail([
                (.standardOutput, String(repeating: "a", count: 64 << 10)), (.standardOutput, line),
                (.standardError, "e"),
            ])
            #expect(text.hasSuffix("\(line)\ne"), "\(text.count)")
        }
    }

    @Test func acodesOwnWordsAreNotTheTasks() throws {
        let marker = (
            ContainerLogFormat.Stream.standardError, "\n[acode: 7 bytes of output were left out here: connection]\n"
        )
        #expect(try tail([(.standardOutput, "a"), marker]) == "a\n")
        #expect(try tail([marker, (.standardError, "b")]) == "b")
        #expect(
            try tail([
                (.standardOutput, "conn"), (.standardError, "ref"), marker, (.standardOutput, "ection"),
                (.standardError, "used"),
            ]) == "conn\nection\nref\nused")
    }

    @Test func isWhatWasPrintedLastToEachStream() throws {
        let path = "/tmp/acode-tail-\(UUID().uuidString).log"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(LogTail.text(of: path) == "")
        var log: [UInt8] = []
        let filler = Array((String(repeating: "x", count: 200) + "\n").utf8)[...]
        for _ in 0..<1000 { ContainerLogFormat.append(filler, stream: .standardOutput, time: "T", to: &log) }
        ContainerLogFormat.append(Array("conn".utf8)[...], stream: .standardError, time: "T", to: &log)
        ContainerLogFormat.append(Array("done\n".utf8)[...], stream: .standardOutput, time: "T", to: &log)
        ContainerLogFormat.append(Array("ection refused\n".utf8)[...], stream: .standardError, time: "T", to: &log)
        try Data(log).write(to: URL(fileURLWithPath: path))
        let text = LogTail.text(of: path)
        #expect(text.hasSuffix("\ndone\n\nconnection refused\n"))
        #expect(text.utf8.count < LogTail.length && text.utf8.count > LogTail.length / 2)
    }
}
