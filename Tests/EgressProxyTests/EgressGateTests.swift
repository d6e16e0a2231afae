import Foundation
import NIOCore
import TaskModel
import TestSupport
import Testing

@testable import EgressProxy

@Suite("Egress gate", .timeLimit(.minutes(3)))
struct EgressGateTests {
    private static func echo() throws -> TCPServer {
        try TCPServer { connection in
            while true {
                let piece = connection.read()
                if piece.isEmpty { break }
                connection.write(piece)
            }
            connection.write("end")
        }
    }

    @Test func aTunnelCarriesBothWaysAndEndsOneSideAtATime() async throws {
        let server = try Self.echo()
        let rules = ["echo.test:\(server.port)", "127.0.0.1:\(server.port)"]
        try await GateFixture.with(rules, names: ["echo.test": ["127.0.0.1"]]) { fixture in
            let said = try await fixture.say(
                "CONNECT echo.test:\(server.port) HTTP/1.1\r\n\r\nearly", endingInput: true)
            #expect(said == "HTTP/1.1 200 Connection established\r\n\r\nearlyend")
            #expect(fixture.denials.told.isEmpty)
        }
    }

    @Test func aPlainRequestReachesTheServerInItsOwnForm() async throws {
        let server = try TCPServer { connection in
            let head = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            connection.write(head)
        }
        try await GateFixture.with(["127.0.0.1:\(server.port)"]) { fixture in
            let said = try await fixture.say("GET http://127.0.0.1:\(server.port)/x HTTP/1.1\r\nHost: evil\r\n\r\n")
            #expect(said.hasSuffix("GET /x HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nConnection: close\r\n\r\n"))
        }
    }

    @Test func aSecondRequestOnTheSameConnectionReachesNobody() async throws {
        let server = try TCPServer { connection in
            var seen = ""
            while true {
                let piece = connection.read()
                if piece.isEmpty { break }
                seen += String(decoding: piece, as: UTF8.self)
            }
            connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[\(seen)]")
        }
        try await GateFixture.with(["127.0.0.1:\(server.port)"]) { fixture in
            let url = "http://127.0.0.1:\(server.port)/"
            let said = try await fixture.say(
                "POST \(url)a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nHost: evil.example\r\n\r\n",
                endingInput: true)
            #expect(said.hasSuffix("\r\n\r\nhi]"), "\(said)")
            #expect(!said.contains("evil"))
            let broken = try await fixture.say(
                "POST \(url) HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nGET / HTTP/1.1\r\n\r\n",
                endingInput: true)
            #expect(!broken.contains("GET /"), "\(broken)")
        }
    }

    @Test(
        "other spellings of this host are not let through",
        arguments: [
            "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost.", "[::1]",
            "[::]", "LOCALHOST",
        ])
    func spellings(host: String) async throws {
        let server = try Self.echo()
        // As the system does with such names.
        let names = ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"]
        let rules = ["*.test:*", "localhost:*", "2130706433:*", "0x7f000001:*", "127.1:*", "0177.0.0.1:*"]
        try await GateFixture.with(
            rules, names: Dictionary(uniqueKeysWithValues: names.map { ($0, ["127.0.0.1"]) })
        ) { fixture in
            let said = try await fixture.say("CONNECT \(host):\(server.port) HTTP/1.1\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 403 Forbidden\r\n"), "\(said)")
            #expect(server.connectionCount == 0)
            #expect(fixture.denials.told.count == 1)
        }
    }

    @Test func oneWorkersSlowLookupsTakeAtMostTwoThreads() async throws {
        let names = SlowNames()
        var limits = ProxyLimits()
        limits.lookup = .seconds(2)
        try await GateFixture.with(["*.test"], resolver: names, limits: limits) { fixture in
            try await withThrowingTaskGroup(of: String.self) { group in
                for index in 0..<10 {
                    group.addTask { try await fixture.say("CONNECT slow-\(index).test:443 HTTP/1.1\r\n\r\n") }
                }
                for try await said in group { #expect(said.hasPrefix("HTTP/1.1 504 ")) }
            }
            #expect(names.most == 2)
            names.release()
            try await eventually("the next lookup to be made") {
                try await fixture.say("CONNECT quick.test:443 HTTP/1.1\r\n\r\n").contains("no address of quick.test")
            }
        }
    }

    @Test func connectionsBeyondTheBudgetAreClosedAndOthersGoOn() async throws {
        let server = try Self.echo()
        try await GateFixture.with(["127.0.0.1:\(server.port)"], budget: ConnectionBudget(limit: 4)) { fixture in
            let head = "CONNECT 127.0.0.1:\(server.port) HTTP/1.1\r\n\r\n"
            // The fixture's own probe may still count.
            func open() async throws -> UnixConnection {
                try await eventually("room for a connection") {
                    guard let connection = UnixConnection(connectingTo: fixture.path) else { return nil }
                    connection.write(head)
                    if String(decoding: connection.readHead(), as: UTF8.self).hasPrefix("HTTP/1.1 200 ") {
                        return connection
                    }
                    connection.closeDescriptor()
                    return nil
                }
            }
            let (first, second) = (try await open(), try await open())
            let third = try await fixture.connect { $0.readToEnd() }
            #expect(third.isEmpty)
            first.closeDescriptor()
            let next = try await open()
            next.closeDescriptor()
            second.closeDescriptor()
        }
    }

    @Test(
        "what is not allowed is refused, told and never connected to",
        arguments: [
            ("other.test", EgressPolicy.Denial.notAllowed), ("127.0.0.1", .addressNotListed),
            ("inside.test", .leadsInside(NetworkAddress("127.0.0.1")!)),
        ])
    func refusal(host: String, reason: EgressPolicy.Denial) async throws {
        let server = try Self.echo()
        try await GateFixture.with(["inside.test:*"], names: ["inside.test": ["127.0.0.1"]]) { fixture in
            let said = try await fixture.say("CONNECT \(host):\(server.port) HTTP/1.1\r\n\r\n")
            #expect(said.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(said.hasSuffix("acode: \(host):\(server.port) \(reason.words())\n"))
            let denial = EgressDenied(destination: "\(host):\(server.port)", reason: reason)
            #expect(fixture.denials.told == [denial])
            #expect(server.connectionCount == 0)
        }
    }

    @Test func whatCantBeReachedIsSaid() async throws {
        let port = Loopback.freePort()
        try await GateFixture.with(["127.0.0.1:\(port)", "nowhere.test"]) { fixture in
            let refused = try await fixture.say("CONNECT 127.0.0.1:\(port) HTTP/1.1\r\n\r\n")
            #expect(refused.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
            #expect(refused.contains("127.0.0.1:\(port)"))
            let unknown = try await fixture.say("CONNECT nowhere.test:443 HTTP/1.1\r\n\r\n")
            #expect(unknown.contains("there is no address of nowhere.test"))
        }
    }

    @Test func garbageIsAnsweredAndSilenceIsCut() async throws {
        var limits = ProxyLimits()
        limits.head = .milliseconds(500)
        try await GateFixture.with([], limits: limits) { fixture in
            let binary = try await fixture.say("\u{16}\u{3}\u{1}")
            #expect(binary.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            let direct = try await fixture.say("GET / HTTP/1.1\r\n\r\n")
            #expect(direct.contains("this is a proxy: ask for"))
            let silent = try await fixture.say("CONNECT a:443 HT")
            #expect(silent.isEmpty)
            let text = "GET http://a/ HTTP/1.1\r\nX: " + String(repeating: "x", count: HeadReader.limit)
            let long = try await fixture.say(text)
            #expect(long.hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func aTunnelOnWhichNothingMovesIsClosed() async throws {
        let server = try Self.echo()
        var limits = ProxyLimits()
        limits.idle = .seconds(2)
        try await GateFixture.with(["127.0.0.1:\(server.port)"], limits: limits) { fixture in
            let said = try await fixture.say("CONNECT 127.0.0.1:\(server.port) HTTP/1.1\r\n\r\n")
            #expect(said == "HTTP/1.1 200 Connection established\r\n\r\n")
        }
    }

    @Test func manyConnectionsAndManyBytesArriveWhole() async throws {
        let server = try Self.echo()
        let piece = [UInt8]((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        try await GateFixture.with(["127.0.0.1:\(server.port)"]) { fixture in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await fixture.connect { connection in
                            connection.write("CONNECT 127.0.0.1:\(server.port) HTTP/1.1\r\n\r\n")
                            _ = connection.readHead()
                            Thread.detachNewThread {
                                connection.write(piece)
                                connection.endOutput()
                            }
                            return connection.readToEnd() == piece + Array("end".utf8)
                        }
                    }
                }
                for try await isWhole in group { #expect(isWhole) }
            }
        }
    }
}
