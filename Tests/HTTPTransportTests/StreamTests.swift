import Foundation
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct StreamTests {
    @Test func headComesBeforeTheBody() async throws {
        let mayGoOn = Mutex(false)
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(chunkedHead)
            while !mayGoOn.withLock({ $0 }) { usleep(1000) }
            connection.write(chunk("one") + chunk("two") + "0\r\n\r\n")
            connection.waitForEnd()
        } _: { transport, _ in
            let stream = try await transport.stream(HTTPRequest(.get, "/"))
            #expect(stream.head.status == 200)
            mayGoOn.withLock { $0 = true }
            var body: [UInt8] = []
            for try await bytes in stream { body += bytes }
            #expect(body == Array("onetwo".utf8))
        }
    }

    @Test(arguments: [
        (chunkedHead + chunk("abc") + "0\r\n\r\n", nil),
        (endlessHead + "abc", nil),
        (chunkedHead + chunk("abc"), TransportError.Code.cut),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", .cut),
    ])
    func cleanEndAndCutAreToldApartAndNothingIsLost(text: String, code: TransportError.Code?) async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(text)
        } _: { transport, _ in
            let stream = try await transport.stream(HTTPRequest(.get, "/"))
            var body: [UInt8] = []
            let error = await failure { () async throws(TransportError) in
                while let bytes = try await stream.next() { body += bytes }
            }
            #expect(body == Array("abc".utf8))
            #expect(error?.code == code)
        }
    }

    @Test func aReaderThatWaitsHoldsTheServerBack() async throws {
        let written = Mutex(0)
        let total = 64 << 20
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(endlessHead)
            let piece = [UInt8](repeating: 7, count: 64 << 10)
            for _ in 0..<(total / piece.count) {
                guard connection.write(piece) else { return }
                written.withLock { $0 += piece.count }
            }
        } _: { transport, _ in
            let stream = try await transport.stream(
                HTTPRequest(.get, "/", limits: .init(total: nil, idle: .milliseconds(200), bufferedBytes: 256 << 10)))
            // Until the server has stood still for longer than the idle limit, which must not count against it.
            var last = -1
            var still = ContinuousClock.now
            while still.duration(to: .now) < .milliseconds(400) {
                let now = written.withLock { $0 }
                if now != last { (last, still) = (now, .now) }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(last > 0 && last < 4 << 20)
            var count = 0
            for try await bytes in stream { count += bytes.count }
            #expect(count == total)
        }
    }

    @Test func lettingGoOfAStreamClosesItsConnection() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(endlessHead)
            connection.waitForEnd()
        } _: { transport, listener in
            var stream: HTTPStream? = try await transport.stream(HTTPRequest(.get, "/"))
            #expect(stream?.head.status == 200)
            #expect(listener.openCount == 1)
            stream = nil
            #expect(await eventually { listener.openCount == 0 })
        }
    }

    @Test func aStreamKeepsItsTransportAlive() async throws {
        let listener = try UnixListener { connection in
            _ = connection.readHead()
            connection.write(endlessHead)
            usleep(100_000)
            connection.write("late")
        }
        defer { listener.stop() }
        let stream = try await HTTPTransport(socketPath: listener.socketPath).stream(HTTPRequest(.get, "/"))
        let body = try await stream.collect(upTo: 10)
        #expect(body == Array("late".utf8))
    }

    @Test func cancellingTheReaderClosesTheConnection() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(endlessHead)
            connection.waitForEnd()
        } _: { transport, listener in
            let stream = try await transport.stream(HTTPRequest(.get, "/", limits: .init(total: nil)))
            let reader = Task { await failure { () async throws(TransportError) in try await stream.next() } }
            reader.cancel()
            #expect(await reader.value?.code == .cancelled)
            #expect(await eventually { listener.openCount == 0 })
        }
    }

    @Test func bringsALongBodyWhole() async throws {
        let total = 256 << 20
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(endlessHead)
            let piece = [UInt8](repeating: 7, count: 256 << 10)
            for _ in 0..<(total / piece.count) { connection.write(piece) }
        } _: { transport, _ in
            let stream = try await transport.stream(HTTPRequest(.get, "/", limits: .init(total: nil)))
            var count = 0
            for try await bytes in stream { count += bytes.count }
            #expect(count == total)
        }
    }
}
