import Foundation
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct FailureTests {
    private func get(_ transport: HTTPTransport, _ limits: HTTPRequest.Limits = .init()) async -> TransportError? {
        await failure { () async throws(TransportError) in
            try await transport.send(HTTPRequest(.get, "/", limits: limits))
        }
    }

    @Test func missingSocketIsNamed() async throws {
        let error = await get(HTTPTransport(socketPath: "/tmp/acode-no-such.sock"))
        #expect(error?.code == .socketMissing)
        #expect(error?.systemErrno == ENOENT)
        #expect(error?.message.contains("/tmp/acode-no-such.sock") == true)
    }

    @Test func plainFileIsRefused() async throws {
        let path = "/tmp/acode-plain-\(UUID().uuidString.prefix(8))"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        defer { unlink(path) }
        #expect(await get(HTTPTransport(socketPath: path))?.code == .connectionRefused)
    }

    @Test func overlongPathIsRefusedBeforeConnecting() async throws {
        let error = await get(HTTPTransport(socketPath: "/" + String(repeating: "x", count: 107)))
        #expect(error?.code == .invalidRequest)
    }

    @Test(arguments: [
        ("", TransportError.Code.noAnswer),
        ("garbage that is not HTTP at all\r\n\r\n", .malformedAnswer),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .cut),
        (chunkedHead + chunk("part"), .cut),
        (chunkedHead + "zz\r\n", .cut),
    ])
    func brokenAnswersAreToldApart(text: String, code: TransportError.Code) async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(text)
        } _: { transport, _ in
            #expect(await get(transport)?.code == code)
        }
    }

    @Test func silenceTimesOut() async throws {
        try await withServer {
            $0.waitForEnd()
        } _: { transport, listener in
            let start = ContinuousClock.now
            let error = await get(transport, .init(total: .milliseconds(150)))
            #expect(error?.code == .timedOut)
            #expect(error?.message == "no complete answer within 150 ms")
            #expect(start.duration(to: .now) < .seconds(10))
            #expect(await eventually { listener.openCount == 0 })
        }
    }

    @Test func idleLimitCountsFromTheLastByte() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(chunkedHead)
            for _ in 0..<5 {
                usleep(300_000)
                connection.write(chunk("x"))
            }
            connection.waitForEnd()
        } _: { transport, _ in
            let stream = try await transport.stream(
                HTTPRequest(.get, "/", limits: .init(total: nil, idle: .seconds(1))))
            var count = 0
            let error = await failure { () async throws(TransportError) in
                while let bytes = try await stream.next() { count += bytes.count }
            }
            #expect(count == 5)
            #expect(error?.code == .timedOut)
            #expect(error?.message == "nothing came within 1 s")
        }
    }

    @Test func headLimitEndsWithTheHead() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(chunkedHead)
            usleep(300_000)
            connection.write(chunk("late") + "0\r\n\r\n")
            connection.waitForEnd()
        } _: { transport, _ in
            let stream = try await transport.stream(
                HTTPRequest(.get, "/", limits: .init(total: nil, head: .milliseconds(150))))
            #expect(try await stream.collect(upTo: 100) == Array("late".utf8))
        }
    }

    @Test func largeAnswerIsRefused() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(endlessHead)
            while connection.write([UInt8](repeating: 0, count: 4096)) {}
        } _: { transport, listener in
            let error = await get(transport, .init(responseBytes: 100_000))
            #expect(error?.code == .responseTooLarge)
            #expect(await eventually { listener.openCount == 0 })
        }
    }

    @Test func cancellingTheTaskClosesTheConnection() async throws {
        try await withServer {
            $0.waitForEnd()
        } _: { transport, listener in
            let task = Task { await get(transport) }
            #expect(await eventually { listener.openCount == 1 })
            task.cancel()
            #expect(await task.value?.code == .cancelled)
            #expect(await eventually { listener.openCount == 0 })
        }
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        try await withServer {
            $0.waitForEnd()
        } _: { transport, listener in
            let gate = Mutex(false)
            let task = Task {
                while !gate.withLock({ $0 }) { await Task.yield() }
                return await get(transport)
            }
            task.cancel()
            gate.withLock { $0 = true }
            #expect(await task.value?.code == .cancelled)
            #expect(listener.connectionCount == 0)
        }
    }

    @Test func shutdownEndsWhatRunsAndRefusesWhatComes() async throws {
        try await withServer {
            $0.waitForEnd()
        } _: { transport, listener in
            let task = Task { await get(transport) }
            #expect(await eventually { listener.openCount == 1 })
            transport.shutdown()
            #expect(await task.value?.code == .shutDown)
            #expect(await get(transport)?.code == .shutDown)
        }
    }

    @Test func noThreadOrDescriptorStaysBehind() async throws {
        func count(_ directory: String) -> Int {
            (try? FileManager.default.contentsOfDirectory(atPath: directory).count) ?? 0
        }
        func threads() -> Int {
            let ids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
            return ids.count {
                (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == "acode-http\n"
            }
        }
        let listener = try UnixListener { connection in
            while !connection.readHead().isEmpty { connection.write(answer("ok")) }
        }
        defer { listener.stop() }
        let before = threads()
        do {
            let transports = (0..<32).map { _ in HTTPTransport(socketPath: listener.socketPath) }
            for transport in transports { _ = try await transport.send(HTTPRequest(.get, "/")) }
            #expect(threads() >= 32)
            #expect(listener.openCount == 32)
        }
        #expect(await eventually { listener.openCount == 0 })
        // Others run tests of their own beside this one.
        #expect(await eventually { threads() < before + 16 })
    }
}
