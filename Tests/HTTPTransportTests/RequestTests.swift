import HTTPTransport
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RequestTests {
    @Test func sendsRequestAndCollectsAnswer() async throws {
        let seen = Mutex("")
        try await withServer { connection in
            let head = connection.readHead()
            seen.withLock { $0 = String(decoding: head, as: UTF8.self) }
            connection.write("HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello")
            connection.waitForEnd()
        } _: { transport, _ in
            let response = try await transport.send(
                HTTPRequest(.post, "/a/b?c=d", headers: ["X-Test": "yes"], body: .bytes(Array("body".utf8))))
            #expect(response.status == 201)
            #expect(response.headers["x-one"] == "1")
            #expect(response.body == Array("hello".utf8))
        }
        let text = seen.withLock { $0 }
        #expect(text.hasPrefix("POST /a/b?c=d HTTP/1.1\r\n"))
        #expect(text.contains("\r\nHost: localhost\r\n"))
        #expect(text.contains("\r\nX-Test: yes\r\n"))
        #expect(text.contains("\r\nContent-Length: 4\r\n"))
        #expect(!text.contains("Expect:") && !text.contains("Content-Type:"))
        #expect(text.hasSuffix("\r\n\r\nbody"))
    }

    @Test func emptyPostHasContentLengthZero() async throws {
        let seen = Mutex("")
        try await withServer { connection in
            let head = connection.readHead()
            seen.withLock { $0 = String(decoding: head, as: UTF8.self) }
            connection.write(answer(""))
        } _: { transport, _ in
            _ = try await transport.send(HTTPRequest(.post, "/x"))
        }
        #expect(seen.withLock { $0 }.contains("Content-Length: 0\r\n"))
    }

    @Test func keepsConnectionsButNeverSendsAPostOnOne() async throws {
        try await withServer { connection in
            while !connection.readHead().isEmpty { connection.write(answer("ok")) }
        } _: { transport, listener in
            for _ in 0..<5 { _ = try await transport.send(HTTPRequest(.get, "/")) }
            #expect(listener.connectionCount == 1)
            _ = try await transport.send(HTTPRequest(.post, "/"))
            #expect(listener.connectionCount == 2)
        }
    }

    @Test func repeatsNoPostWhoseConnectionDied() async throws {
        let posts = Mutex(0)
        try await withServer { connection in
            while case let head = connection.readHead(), !head.isEmpty {
                if head.starts(with: Array("POST".utf8)) {
                    posts.withLock { $0 += 1 }
                    return
                }
                connection.write(answer("ok"))
            }
        } _: { transport, _ in
            _ = try await transport.send(HTTPRequest(.get, "/"))
            let error = await failure { () async throws(TransportError) in
                try await transport.send(HTTPRequest(.post, "/"))
            }
            #expect(error?.code == .noAnswer)
        }
        #expect(posts.withLock { $0 } == 1)
    }

    @Test func repeatsAGetWhoseKeptConnectionWasClosed() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write(answer("ok"))
        } _: { transport, listener in
            for _ in 0..<3 {
                let response = try await transport.send(HTTPRequest(.get, "/"))
                #expect(response.status == 200)
                #expect(await eventually { listener.openCount == 0 })
            }
        }
    }

    @Test func skipsInterimAnswers() async throws {
        try await withServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + answer("done"))
            connection.waitForEnd()
        } _: { transport, _ in
            let response = try await transport.send(HTTPRequest(.get, "/"))
            #expect(response.status == 200)
            #expect(response.headers["X-Early"] == nil)
        }
    }

    /// More at once than the server's queue of connections holds.
    @Test func manyRequestsAtOnceAllGetTheirOwnAnswer() async throws {
        try await withServer { connection in
            while case let head = connection.readHead(), !head.isEmpty {
                let path = String(decoding: head, as: UTF8.self).split(separator: " ")[1]
                connection.write(answer(String(path)))
            }
        } _: { transport, _ in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let response = try await transport.send(HTTPRequest(.get, "/\(number)"))
                        return response.body == Array("/\(number)".utf8)
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test(arguments: ["no-slash", "/with space", "/line\r\nX: y", "/nul\0"])
    func refusesTargetsThatLeaveTheirLine(target: String) async throws {
        let transport = HTTPTransport(socketPath: "/nowhere")
        let error = await failure { () async throws(TransportError) in
            try await transport.send(HTTPRequest(.get, target))
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func refusesHeadersThatLeaveTheirLine() async throws {
        let transport = HTTPTransport(socketPath: "/nowhere")
        let request = HTTPRequest(.get, "/", headers: ["X": "a\r\nY: b"])
        let error = await failure { () async throws(TransportError) in try await transport.send(request) }
        #expect(error?.code == .invalidRequest)
    }
}
