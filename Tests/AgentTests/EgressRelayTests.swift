import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgentCore

@Suite("Egress relay", .timeLimit(.minutes(3)))
struct EgressRelayTests {
    /// A loop like the agent's with nothing but a relay in it, on a thread of its own.
    private final class Loop: Sendable {
        private let state = Mutex((port: UInt16(0), isStopped: false))

        init(upstream: String) throws {
            Thread.detachNewThread { [self] in
                guard let relay = try? EgressRelay(port: 0, upstream: upstream) else { return }
                state.withLock { $0.port = relay.port }
                var set = PollSet()
                while !state.withLock({ $0.isStopped }) {
                    set.reset()
                    relay.prepare(&set, now: Clock.now())
                    set.limit(to: Clock.now() + .milliseconds(20))
                    set.wait(now: Clock.now())
                    relay.turn(now: Clock.now(), ready: set)
                }
            }
            try AgentTests.eventually("the relay to listen") { port > 0 }
        }

        var port: UInt16 { state.withLock { $0.port } }

        func stop() { state.withLock { $0.isStopped = true } }
    }

    @Test func bytesGoBothWaysAndEachSideEndsByItself() async throws {
        let listener = try UnixListener { connection in
            let all = connection.readToEnd()
            connection.write(all.reversed())
            connection.write("end")
        }
        defer { listener.stop() }
        let path = listener.socketPath
        try await offThread {
            let loop = try Loop(upstream: path)
            defer { loop.stop() }
            let connections = try (0..<20).map { _ in try #require(UnixConnection(connectingToPort: loop.port)) }
            for (index, connection) in connections.enumerated() {
                connection.write("hello \(index)")
                connection.endOutput()
            }
            for (index, connection) in connections.enumerated() {
                let said = String(decoding: connection.readToEnd(), as: UTF8.self)
                #expect(said == String("hello \(index)".reversed()) + "end")
                connection.closeDescriptor()
            }
        }
    }

    @Test func aSlowReaderGetsEverything() async throws {
        let bytes = [UInt8]((0..<8 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 4) })
        let listener = try UnixListener { connection in
            _ = connection.read()
            connection.write(bytes)
        }
        defer { listener.stop() }
        let path = listener.socketPath
        try await offThread {
            let loop = try Loop(upstream: path)
            defer { loop.stop() }
            let slow = try #require(UnixConnection(connectingToPort: loop.port))
            slow.write("go")
            // Nothing is read until another connection has come and gone: the slow one is in nobody's way.
            let quick = try #require(UnixConnection(connectingToPort: loop.port))
            quick.write("go")
            #expect(quick.readToEnd() == bytes)
            #expect(slow.readToEnd() == bytes)
            quick.closeDescriptor()
            slow.closeDescriptor()
        }
    }

    @Test func anAbsentSupervisorIsSaidInWords() async throws {
        try await offThread {
            let loop = try Loop(upstream: "/tmp/acode-no-such-socket")
            defer { loop.stop() }
            let connection = try #require(UnixConnection(connectingToPort: loop.port))
            let said = String(decoding: connection.readToEnd(), as: UTF8.self)
            #expect(said.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
            #expect(said.contains("the supervisor"))
            connection.closeDescriptor()
        }
    }
}
