import Foundation
import Testing

@testable import Supervisor

@Suite("Log tail")
struct LogTailTests {
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
