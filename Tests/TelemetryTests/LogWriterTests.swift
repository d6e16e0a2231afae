import Foundation
import Glibc
import Logging
import Telemetry
import Testing

@Suite("Log writer", .timeLimit(.minutes(3)))
struct LogWriterTests {
    /// A pipe whose ends are closed with it.
    private final class Pipe: Sendable {
        let reader: Int32
        let writer: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
        }

        deinit {
            close(reader)
            close(writer)
        }

        /// Takes bytes until `enough` says so of all of them, or thirty seconds are over.
        func read(from start: [UInt8] = [], until enough: ([UInt8]) -> Bool) -> [UInt8] {
            var (bytes, buffer) = (start, [UInt8](repeating: 0, count: 64 << 10))
            let deadline = ContinuousClock.now + .seconds(30)
            while !enough(bytes), ContinuousClock.now < deadline {
                // Short waits, because what `enough` asks about may change without a further byte.
                var request = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
                guard poll(&request, 1, 10) == 1 else { continue }
                let count = Glibc.read(reader, &buffer, buffer.count)
                guard count > 0 else { break }
                bytes += buffer[..<count]
            }
            return bytes
        }
    }

    private func writer(_ pipe: Pipe, limit: Int = 1 << 20) -> LogWriter {
        LogWriter(descriptor: pipe.writer, limit: limit) { "[\($0) dropped]\n" }
    }

    @Test("a line is out when the call returns")
    func atOnce() throws {
        let pipe = try Pipe()
        let writer = writer(pipe)
        writer.write("one\n")
        writer.write("two\n")
        var waiting: Int32 = 0
        #expect(ioctl(pipe.reader, UInt(FIONREAD), &waiting) == 0)
        #expect(waiting == 8)
        #expect(writer.flush(timeout: .zero))
    }

    @Test("a reader that is too slow stops nobody and gets every line in order later")
    func slowReader() throws {
        let pipe = try Pipe()
        let writer = writer(pipe)
        let lines = (0..<20_000).map { "line \($0)\n" }
        for line in lines { writer.write(line) }
        #expect(!writer.flush(timeout: .milliseconds(10)))
        let expected = Array(lines.joined().utf8)
        #expect(pipe.read { $0.count >= expected.count } == expected)
        #expect(writer.flush(timeout: .seconds(10)))
        writer.write("after\n")
        #expect(pipe.read { $0.count >= 6 } == Array("after\n".utf8))
    }

    @Test("what is over the limit is dropped, counted and marked where it was")
    func overLimit() throws {
        let pipe = try Pipe()
        let writer = writer(pipe, limit: 10_000)
        let line = String(repeating: "x", count: 99) + "\n"
        for _ in 0..<2000 { writer.write(line) }
        let early = pipe.read { _ in writer.flush(timeout: .zero) }
        writer.write("last\n")
        let bytes = pipe.read(from: early) { $0.suffix(5) == Array("last\n".utf8) }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let marks = lines.compactMap { $0.wholeMatch(of: #/\[(\d+) dropped\]/#).flatMap { Int($0.1) } }
        #expect(marks.count == 1)
        #expect(lines.count { $0.count == 99 } + marks.reduce(0, +) == 2000)
        #expect(marks.reduce(0, +) > 1000)
    }

    @Test("lines of many threads never mix")
    func threads() async throws {
        let pipe = try Pipe()
        let writer = writer(pipe, limit: 4 << 20)
        await withTaskGroup { group in
            for thread in 0..<8 {
                group.addTask {
                    for index in 0..<500 {
                        writer.write("\(thread):\(index):" + String(repeating: "y", count: index) + "\n")
                    }
                }
            }
        }
        let all = pipe.read { bytes in bytes.count { $0 == 0x0A } >= 8 * 500 }
        var next = [Int](repeating: 0, count: 8)
        for line in String(decoding: all, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            let thread = try #require(Int(parts[0]))
            let index = try #require(Int(parts[1]))
            #expect(index == next[thread] && parts[2].count == index)
            next[thread] += 1
        }
        #expect(next.allSatisfy { $0 == 500 })
    }

    @Test("a reader that is gone stops nobody")
    func goneReader() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        let writer = LogWriter(descriptor: ends[1], limit: 100) { "\($0)" }
        for _ in 0..<1000 { writer.write("into the void\n") }
        #expect(writer.flush(timeout: .seconds(10)))
    }

    @Test("a logger's metadata, its provider's and the call's reach the line, the nearest winning")
    func handler() throws {
        let pipe = try Pipe()
        let provider = Logger.MetadataProvider { ["a": "provider", "b": "provider"] }
        let handler = AcodeLogHandler(
            format: .json, level: .info, appName: "acode", writer: writer(pipe), metadataProvider: provider)
        var logger = Logger(label: "test") { _ in handler }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.debug("not this")
        logger.warning("this", metadata: ["b": "call"])
        let line = pipe.read { $0.contains(0x0A) }
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: String])
        #expect(object["message"] == "this" && object["level"] == "warning")
        #expect(object["a"] == "provider" && object["b"] == "call" && object["c"] == "logger")
    }

    @Test("after the set-up every logger writes to the descriptor")
    func setUp() throws {
        let pipe = try Pipe()
        // Once a process: no other test may use the global set-up.
        let writer = LogSetup.bootstrap(format: .text(colours: false), level: .debug, descriptor: dup(pipe.writer))
        let logger = Logger(label: "any")
        logger.trace("not this")
        logger.debug("looked for an engine", metadata: ["engine.endpoint": "/run/docker.sock"])
        let line = String(decoding: pipe.read { $0.contains(0x0A) }, as: UTF8.self)
        #expect(line.hasSuffix(" debug looked for an engine  engine.endpoint=/run/docker.sock\n"))
        #expect(writer.flush(timeout: .zero))
    }
}
