import Foundation
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct UploadTests {
    @Test func sendsAFileWithItsLength() async throws {
        let path = "/tmp/acode-upload-\(UUID().uuidString.prefix(8))"
        let content = Data(String(repeating: "0123456789abcdef", count: 187_500).utf8)
        #expect(FileManager.default.createFile(atPath: path, contents: content))
        defer { unlink(path) }
        let received = Mutex<(head: String, body: [UInt8])>(("", []))
        try await withServer { connection in
            var bytes = connection.readHead()
            guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else { return }
            let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
            bytes.removeSubrange(..<end.upperBound)
            while bytes.count < 3_000_000, case let more = connection.read(), !more.isEmpty { bytes += more }
            received.withLock { $0 = (head, bytes) }
            connection.write(answer("stored"))
            connection.waitForEnd()
        } _: { transport, _ in
            let response = try await transport.send(HTTPRequest(.post, "/load", body: .file(path: path)))
            #expect(response.body == Array("stored".utf8))
        }
        let (head, body) = received.withLock { $0 }
        #expect(head.hasPrefix("POST /load HTTP/1.1"))
        #expect(head.contains("Content-Length: 3000000"))
        #expect(Data(body) == content)
    }

    @Test func sendsWhatAWriterWritesAndHoldsItBack() async throws {
        let received = Mutex<[UInt8]>([])
        let mayRead = Mutex(false)
        let pieces = 400
        try await withServer { connection in
            let head = connection.readHead()
            received.withLock { $0 += head }
            while !mayRead.withLock({ $0 }) { usleep(1000) }
            while !received.withLock({ $0.suffix(5) == Array("0\r\n\r\n".utf8)[...] }) {
                let more = connection.read()
                if more.isEmpty { return }
                received.withLock { $0 += more }
            }
            connection.write(answer("done"))
            connection.waitForEnd()
        } _: { transport, _ in
            let writer = HTTPBodyWriter(capacity: 64 << 10)
            let written = Mutex(0)
            async let response = transport.send(HTTPRequest(.put, "/x", body: .writer(writer)))
            async let writing: Void = {
                for _ in 0..<pieces {
                    try await writer.write([UInt8](repeating: UInt8(ascii: "w"), count: 16 << 10))
                    written.withLock { $0 += 1 }
                }
                writer.finish()
            }()
            var last = -1
            var still = ContinuousClock.now
            while last <= 0 || still.duration(to: .now) < .milliseconds(200) {
                let now = written.withLock { $0 }
                if now != last { (last, still) = (now, .now) }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(last > 0 && last < pieces)
            mayRead.withLock { $0 = true }
            try await writing
            let body = try await response.body
            #expect(body == Array("done".utf8))
        }
        #expect(received.withLock { $0.count { $0 == UInt8(ascii: "w") } } == pieces * (16 << 10))
    }

    @Test func aWriterThatGivesUpFailsTheRequest() async throws {
        try await withServer {
            $0.waitForEnd()
        } _: { transport, _ in
            let writer = HTTPBodyWriter()
            let task = Task {
                await failure { () async throws(TransportError) in
                    try await transport.send(HTTPRequest(.put, "/", body: .writer(writer)))
                }
            }
            try await writer.write([1, 2, 3])
            writer.fail()
            #expect(await task.value?.code == .uploadFailed)
        }
    }

    @Test func aWriterLearnsThatTheRequestEnded() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(answer("no", status: 413))
            // Closing at once could fail a write before the answer is read.
            connection.waitForEnd()
        } _: { transport, _ in
            let writer = HTTPBodyWriter(capacity: 1024)
            async let response = transport.send(HTTPRequest(.put, "/", body: .writer(writer)))
            let error = await failure { () async throws(TransportError) in
                while true { try await writer.write([UInt8](repeating: 0, count: 64 << 10)) }
            }
            #expect(error?.code == .uploadFailed)
            let status = try await response.status
            #expect(status == 413)
        }
    }

    @Test func aMissingFileIsNamed() async throws {
        let transport = HTTPTransport(socketPath: "/nowhere")
        let error = await failure { () async throws(TransportError) in
            try await transport.send(HTTPRequest(.post, "/", body: .file(path: "/no/such/file")))
        }
        #expect(error?.code == .uploadFailed)
        #expect(error?.systemErrno == ENOENT)
    }
}
